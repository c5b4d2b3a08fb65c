import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { close, listen } from "../../dev/http.mjs";
import { command } from "../../scripts/setup.mjs";
import { run } from "../shared/processes.mjs";
import { filesIn, layOutProjects } from "../shared/projects.mjs";

const PAGES = filesIn("docs/testing.md");
const COUNT = /^\s*Tests:? +(?:(\d+) failed \D*)?(\d+) passed/m;
const fixture = (name) => readFileSync(join(import.meta.dirname, "fixtures", name), "utf8");
const environmentSpec = fixture("environment.spec.js");
const bin = (name) => join(import.meta.dirname, "node_modules/.bin", name);
const pageEnvironment = { "page-environment.js": PAGES.Jest["page-environment.js"] };
const exportConditions = '{"customExportConditions":["node","require"]}';
const environmentsOfJest = ["node", "./page-environment.js", "@happy-dom/jest-environment"];
/** It needs a BroadcastChannel. */
const environmentsOfMsw = environmentsOfJest.slice(0, 2);
const environmentsOfVitest = ["node", "jsdom", "happy-dom"];

let project;
before(async () => {
  // 170 MB, for these tests alone, when they are first played.
  project = await layOutProjects(import.meta.dirname);
});

/** A test for Vitest as one for Jest. */
function forJest(code) {
  return code
    .replace(/^import \{.*\} from "vitest";\n/m, "")
    .replaceAll(/^import (\{.*\}) from (".*");$/gm, "const $1 = require($2);")
    .replaceAll(/\bvi\./g, "jest.");
}

/** Runs a runner to its end, all of whose tests pass; it ends by itself. */
async function passes(name, args, cwd, count) {
  const env = { FORCE_COLOR: "0", NODE_TEST_CONTEXT: "" };
  const { code, stdout, stderr } = await run(bin(name), args, { cwd, env, timeout: 120_000 });
  const printed = stripVTControlCharacters(stdout + stderr);
  assert.equal(code, 0, printed);
  const [, failed, passed] = COUNT.exec(printed) ?? assert.fail(printed);
  assert.deepEqual([failed, Number(passed)], [undefined, count], printed);
  assert.doesNotMatch(printed, /did not exit|open handles|Unhandled/i);
}

const countOf = (files) =>
  Object.values(files)
    .join("")
    .split(/^test\(/m).length - 1;
const vitest = (cwd, count, ...args) => passes("vitest", ["run", "--root", ".", ...args], cwd, count);
const jest = (cwd, count, ...args) => passes("jest", ["--rootDir=.", "--runInBand", ...args], cwd, count);

describe("docs/testing.md", () => {
  for (const [title, play] of [
    ["Vitest", vitest],
    ["Jest", jest],
  ]) {
    test(`has tests for ${title} that pass`, async () => {
      const files = PAGES[title];
      await play(project(`document-${title}`, files), countOf(files));
    });
  }

  for (const title of ["MSW", "Fake timers"]) {
    const files = PAGES[title];
    for (const environment of environmentsOfVitest) {
      test(`has tests for ${title} that pass in Vitest with ${environment}`, async () => {
        const folder = project(`document-${title}-${environment}`, files);
        await vitest(folder, countOf(files), `--environment=${environment}`);
      });
    }

    for (const environment of title === "MSW" ? environmentsOfMsw : environmentsOfJest) {
      test(`has tests for ${title} that pass in Jest with ${environment}`, async () => {
        const written = Object.entries(files).map(([name, code]) => [name, forJest(code)]);
        const folder = project(`document-${title}-jest-${environment.replaceAll(/\W/g, "")}`, {
          ...Object.fromEntries(written),
          ...pageEnvironment,
        });
        const conditions = `--testEnvironmentOptions=${exportConditions}`;
        await jest(folder, countOf(files), `--testEnvironment=${environment}`, conditions);
      });
    }
  }
});

describe("docs/testing.md, in a browser", () => {
  test("has a test for Playwright that passes", async () => {
    const files = { ...PAGES.Playwright, ...filesIn("docs/guide.md")["A page"], "serve.mjs": fixture("serve.mjs") };
    const ports = { 3000: await freePort(), 8081: await freePort() };
    const atPorts = (text) => text.replaceAll(/\b(3000|8081)\b/g, (port) => ports[port]);
    const launchOptions = { executablePath: command("chromium"), args: ["--no-sandbox"] };
    const folder = project("document-Playwright", {
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [name, atPorts(text)])),
      "here.config.mjs": `import config from "./playwright.config.mjs";
        export default { ...config, use: { ...config.use, launchOptions: ${JSON.stringify(launchOptions)} } };`,
    });
    const env = { NODE_TEST_CONTEXT: "", CI: "1" };
    const args = ["test", "--config=here.config.mjs", "--reporter=line"];
    const { code, stdout, stderr } = await run(bin("playwright"), args, { cwd: folder, env, timeout: 120_000 });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /\b1 passed\b/);
  });
});

test("with zone.js promises are one request, listeners reach Angular's zone, and it becomes stable", async () => {
  const folder = project("zone", { "zone.mjs": fixture("zone.mjs") });
  const { code, stdout, stderr } = await run(process.execPath, ["zone.mjs"], { cwd: folder });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "stable\n", stderr: "" });
});

async function freePort() {
  const server = createServer();
  const port = await listen(server, 0);
  await close(server);
  return port;
}

/** Vitest loads again only what it transforms. */
const isTransformed = `export default { test: { server: { deps: { inline: ["meshydb-client"] } } } };`;

describe("a session in a test environment", () => {
  const count = 7;

  for (const environment of environmentsOfVitest) {
    test(`lives: Vitest, ${environment}`, async () => {
      const files = { "environment.test.js": environmentSpec, "vitest.config.mjs": isTransformed };
      const folder = project(`session-${environment}`, files);
      await vitest(folder, count, `--environment=${environment}`);
    });
  }

  for (const environment of environmentsOfJest) {
    test(`lives: Jest, ${environment}`, async () => {
      const name = `session-jest-${environment.replaceAll(/\W/g, "")}`;
      const spec = forJest(environmentSpec).replaceAll('await import("meshydb-client")', 'require("meshydb-client")');
      const folder = project(name, { "environment.test.js": spec, ...pageEnvironment });
      await jest(folder, count, `--testEnvironment=${environment}`);
    });
  }
});
