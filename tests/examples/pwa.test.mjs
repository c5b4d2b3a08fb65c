import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { installPinned, pinnedIn } from "../shared/pinned.mjs";
import { run } from "../shared/processes.mjs";
import { setUpExample } from "./examples.mjs";
import "./service-worker.mjs";

const here = import.meta.dirname;

let example;
before(async () => {
  await installPinned(here);
  example = await setUpExample("pwa");
  await symlink(join(here, "node_modules"), example.path("node_modules"), "dir");
  const env = { VITE_MESHY_URL: example.line.url };
  const { code, stdout, stderr } = await run("npm", ["run", "build"], { cwd: example.path(""), env });
  assert.equal(code, 0, stdout + stderr);
});
beforeEach(() => example.forget());
after(() => example?.remove());

/** Serves what was built, until it is closed. */
async function startPreview(t) {
  const { preview } = await import("vite");
  const server = await preview({ root: example.path(""), preview: { host: "127.0.0.1", port: 0 } });
  t.after(() => server.close());
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}

/** A page whose service worker is active, and that is signed in. */
async function openSignedIn(t, browser) {
  const { url, close } = await startPreview(t);
  const { page, problems } = await newTab(await newContext(t, browser), url);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await page.waitForSelector("#sign-in:not([hidden])");
  await page.type("[name=username]", "alice");
  await page.type("[name=password]", "wonderland");
  await page.click("[type=submit]");
  await showsGeneration(page, 1);
  return { page, problems, goOffline: close };
}

function showsGeneration(page, wanted) {
  return until(
    page,
    (text) => document.querySelector("#session:not([hidden]) output")?.textContent === text,
    `${wanted}`,
  );
}

test("the PWA has the versions that it is tested with", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(example.path("package.json"), "utf8"));
  const { "meshydb-client": _, ...others } = { ...dependencies, ...devDependencies };
  assert.ok(Object.keys(others).length > 2);
  for (const [name, version] of Object.entries(others)) assert.equal(pinnedIn(here)[name], version, name);
});

inOneBrowserAtLeast((browser) => {
  test("the PWA shows the session without any server", async (t) => {
    const { page, problems, goOffline } = await openSignedIn(t, browser());
    await goOffline();
    await page.reload();
    await showsGeneration(page, 1);
    assert.deepEqual(example.grants(), [["password", 200]]);
    assert.deepEqual(problems, []);
  });

  test("the PWA that is reloaded in mid-refresh stays signed in, by that one request", async (t) => {
    const { page, problems } = await openSignedIn(t, browser());
    const refresh = example.line.hold("POST", { isAnswer: true });
    await page.click("#refresh");
    await refresh.arrived;
    await page.reload();
    await showsGeneration(page, 1);
    refresh.release();
    await showsGeneration(page, 2);
    assert.deepEqual(example.grants(), [
      ["password", 200],
      ["refresh_token", 200],
    ]);
    assert.deepEqual(problems, []);
  });
});
