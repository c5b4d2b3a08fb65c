import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { build } from "esbuild";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { launch } from "../shared/launch.mjs";
import { run } from "../shared/processes.mjs";
import { filesIn, layOutProjects } from "../shared/projects.mjs";
import { startLine } from "./examples.mjs";

const here = import.meta.dirname;
const chapters = filesIn("docs/service-worker.md");
const html = `<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="data:,"><body>
  <script type="module">import { client } from "./page.js"; window.client = client;</script>`;

let server;
let line;
let project;

/** The files of chapters, where the server of `npm start` is that of the test. */
function written(name, ...titles) {
  const files = Object.entries(Object.assign({}, ...titles.map((title) => chapters[title])));
  return project(
    name,
    Object.fromEntries(files.map(([file, text]) => [file, text.replaceAll("http://127.0.0.1:8081", line.url)])),
  );
}

async function runIn(cwd, ...command) {
  const { code, stdout, stderr } = await run(command[0], command.slice(1), { cwd });
  assert.equal(code, 0, stdout + stderr);
}

/** Ways to build: each resolves to a folder that has what is served in `dist`. */
const ways = {
  async "vite-plugin-pwa"() {
    const folder = written("vite", "The page", "With vite-plugin-pwa");
    project("vite", { "index.html": html });
    await runIn(folder, join(here, "node_modules/.bin/vite"), "build");
    return folder;
  },
  "Workbox alone": () => bundled("workbox"),
  "Workbox and meshydb-client/oauth": () =>
    bundled("oauth", {
      "client.js": `
        import { createClient } from "meshydb-client/oauth";
        import { serviceWorker } from "meshydb-client/service-worker";

        export const opening = createClient({
          tokenEndpoint: "${line.url}/demo/connect/token",
          clientId: "demo-public-key",
          scope: "meshy.api offline_access",
          persistence: "local",
          refreshIn: serviceWorker,
        });`,
    }),
  async "no tool"() {
    const dist = written("plain/dist", "Without a tool");
    project("plain/dist", { "index.html": html });
    cpSync(join(here, "work/node_modules/meshydb-client"), join(dist, "meshydb-client"), { recursive: true });
    return join(dist, "..");
  },
};

async function bundled(name, others = {}) {
  const folder = written(name, "The page", "With Workbox alone");
  project(name, others);
  project(`${name}/dist`, { "index.html": html });
  await runIn(folder, process.execPath, "build.js");
  return folder;
}

/** Serves what was built, until it is closed. */
async function serve(t, folder) {
  const { preview } = await import("vite");
  const site = await preview({ root: folder, configFile: false, preview: { host: "127.0.0.1", port: 0 } });
  t.after(() => site.close());
  return { url: site.resolvedUrls.local[0], close: () => site.close() };
}

const grants = () => server.requests.flatMap(({ grant_type }) => grant_type ?? []);

/** Waits for a page whose restored session is of that generation. */
async function restoresGeneration(page, generation) {
  await until(page, () => window.client);
  await page.evaluate(async () => {
    window.connection = await window.client.restore();
  });
  await until(page, (wanted) => window.connection.getSnapshot().generation === wanted, generation);
}

/** For a page: asks for the token after the one in hand. */
async function refresh() {
  await window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
}

/** For a page: signs in. */
async function logIn() {
  window.connection = await window.client.login("alice", "wonderland");
}

/** Begins a refresh, has its page leave once the server has answered, and lets the answer go on. */
async function leaveInMidRefresh(page, leave) {
  const held = line.hold("POST", { isAnswer: true });
  await page.evaluate(`void (${refresh})().catch(() => {})`);
  await held.arrived;
  await leave();
  held.release();
}

describe("docs/service-worker.md", () => {
  before(async () => {
    server = await startAuthorizationServer();
    line = await startLine(server.url);
    project = await layOutProjects(here, "module");
  });
  beforeEach(() => {
    server.requests.length = 0;
  });
  after(async () => {
    await line?.close();
    await server?.close();
  });

  const built = {};
  for (const way of Object.keys(ways)) {
    test(`a page and a worker are built: ${way}`, async () => {
      built[way] = await ways[way]();
    });
  }

  inOneBrowserAtLeast((browser) => {
    for (const way of Object.keys(ways)) {
      test(`a page that is reloaded in mid-refresh stays signed in, by its worker's one request: ${way}`, async (t) => {
        const { url, close } = await serve(t, built[way]);
        const { page, problems } = await newTab(await newContext(t, browser()), url);
        await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
        await until(page, () => window.client);
        await page.evaluate(logIn);
        await leaveInMidRefresh(page, () => page.reload());
        await restoresGeneration(page, 2);
        await page.evaluate(() => {
          window.events = [];
          window.client.trace(({ type }) => window.events.push(type));
        });
        await page.evaluate(refresh);
        assert.deepEqual(await page.evaluate(() => window.events), ["adopted"]);
        assert.deepEqual(grants(), ["password", "refresh_token", "refresh_token"]);
        if (way !== "no tool") {
          await close();
          await page.reload();
          await restoresGeneration(page, 3);
        }
        assert.deepEqual(problems, []);
      });
    }
  });

  test("an extension's popup that is closed in mid-refresh leaves it to the background", async (t) => {
    const folder = written("extension", "A holder of your own");
    project("extension", {
      "popup.html": '<!doctype html><script type="module" src="main.js"></script>',
      "main.js": 'import { opening } from "./popup.js"; window.client = await opening;',
    });
    const entryPoints = ["main.js", "background.js"].map((name) => join(folder, name));
    await build({ entryPoints, bundle: true, format: "esm", outdir: folder, allowOverwrite: true });
    const browser = await launch("chromium", { pipe: true, enableExtensions: [folder] });
    t.after(() => browser.close());
    const worker = await browser.waitForTarget((target) => target.type() === "service_worker");
    const url = new URL("popup.html", worker.url()).href;
    const { page, problems } = await newTab(browser, url);
    await until(page, () => window.client);
    await page.evaluate(logIn);
    const other = await newTab(browser, url);
    await leaveInMidRefresh(page, () => page.close());
    await restoresGeneration(other.page, 2);
    assert.deepEqual(grants(), ["password", "refresh_token"]);
    assert.deepEqual([...problems, ...other.problems], []);
  });
});
