import assert from "node:assert/strict";
import { createReadStream, createWriteStream, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createBrotliDecompress } from "node:zlib";
import { close, listen } from "../../dev/http.mjs";
import { command } from "../../scripts/setup.mjs";
import { browserNames, launch } from "../shared/launch.mjs";
import { work } from "./kit.mjs";

const PAGE_LIMIT = 30_000;
const STEP_LIMIT = 20_000;
const titles = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };
const launched = new Map();

/** A browser that gives what a page leaves as `result`, in storage of its own; it is kept for the rows to come. */
export async function openBrowser(kit, name = "chromium", options = {}) {
  if (!browserNames.includes(name)) return openWebKit(kit);
  const key = JSON.stringify([name, options]);
  if (!launched.has(key)) launched.set(key, launch(name, options));
  const browser = await launched.get(key);
  const version = (await browser.version()).split("/").at(-1);
  return {
    version: `${titles[name]} ${version}`,
    resultOf: (url, isExpected) => resultOf(kit, browser, url, isExpected),
  };
}

export async function closeBrowsers() {
  await Promise.allSettled([...launched.values()].map(async (browser) => (await browser).close()));
  launched.clear();
}

/** A page that complains of anything else than expected fails. */
async function resultOf(kit, browser, url, isExpected = () => false) {
  const context = await browser.createBrowserContext();
  kit.after(() => context.close());
  const page = await context.newPage();
  const problems = [];
  const complain = (problem) => isExpected(problem) || problems.push(problem);
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complain(message.text());
  });
  page.on("pageerror", (error) => complain(String(error)));
  await page.goto(url);
  const wait = page.waitForFunction(() => "result" in globalThis, { polling: 20, timeout: PAGE_LIMIT });
  await wait.catch((error) => assert.fail([error.message, ...problems].join("\n")));
  const result = await page.evaluate(() => globalThis.result);
  assert.deepEqual(problems, []);
  return result;
}

/** Why WebKit cannot be tested here, if it cannot. */
export function lacksWebKit() {
  const missing = ["WebKitWebDriver", "xvfb-run"].filter((name) => !command(name));
  if (missing.length) return `not tested: ${missing.join(" and ")} missing`;
}

/** One session of the driver, which puppeteer does not speak to. */
async function openWebKit(kit) {
  const driver = `http://127.0.0.1:${await freePort()}`;
  const args = ["-a", command("WebKitWebDriver"), "--host=127.0.0.1", `--port=${new URL(driver).port}`];
  await kit.start(command("xvfb-run"), args, () => isReady(driver));
  const ask = async (method, path, body) => {
    const init = { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(STEP_LIMIT) };
    const response = await fetch(driver + path, init);
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKit: ${value.message}`);
    return value;
  };
  const { sessionId, capabilities } = await ask("POST", "/session", { capabilities: {} });
  kit.after(() => ask("DELETE", `/session/${sessionId}`));
  return {
    version: `${titles.webkit} ${capabilities.browserVersion}`,
    resultOf: async (url) => {
      await ask("POST", `/session/${sessionId}/url`, { url });
      const body = { script: "return globalThis.result ?? null;", args: [] };
      return awaited(() => ask("POST", `/session/${sessionId}/execute/sync`, body));
    },
  };
}

/** For pages of an old browser: their result, or what the script fails with, is their title, encoded since lists escape it. */
export const showsResult = `<script>
  Object.defineProperty(globalThis, "result", {
    set: (result) => {
      document.title = "result:" + btoa(JSON.stringify(result));
    },
  });
  addEventListener("error", ({ message }) => {
    globalThis.result = { message };
  });
</script>`;

/** A Chromium that puppeteer does not speak to, from its compressed binary. */
export async function openOldChromium(kit, packed) {
  const folder = mkdtempSync(join(work, "chromium-"));
  kit.after(() => rm(folder, { recursive: true }));
  const binary = join(folder, "chromium");
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(binary, { mode: 0o755 }));
  const args = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}`];
  const ready = /DevTools listening on ws:\/\/(.+?)\//;
  const [, host] = await kit.start(binary, [...args, "--remote-debugging-port=0"], ready);
  const ask = async (path) => {
    const init = { method: "PUT", signal: AbortSignal.timeout(STEP_LIMIT) };
    return (await fetch(`http://${host}/json/${path}`, init)).json();
  };
  const { Browser: version } = await ask("version");
  return {
    version: `${titles.chromium} ${version.split("/").at(-1)}`,
    resultOf: async (url) => {
      const page = await ask(`new?${encodeURIComponent(url)}`);
      return awaited(async () => {
        const { title } = (await ask("list")).find(({ id }) => id === page.id);
        const [, encoded] = /^result:(.+)/.exec(title) ?? [];
        return encoded && JSON.parse(atob(encoded));
      });
    },
  };
}

/** What `look` finds in a page, at last. */
async function awaited(look) {
  for (const end = Date.now() + PAGE_LIMIT; Date.now() < end; await sleep(20)) {
    const result = await look();
    if (result) return result;
  }
  throw new Error("The page has no result.");
}

const isReady = (driver) =>
  fetch(`${driver}/status`).then(
    ({ ok }) => ok,
    () => false,
  );

async function freePort() {
  const server = createServer();
  const port = await listen(server, 0);
  await close(server);
  return port;
}
