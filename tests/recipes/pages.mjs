import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { build } from "esbuild";
import { until } from "../shared/browsers.mjs";
import { launch } from "../shared/launch.mjs";
import { startSite } from "../shared/site.mjs";
import { startFront } from "./front.mjs";
import { placed } from "./placed.mjs";

const html = `<!doctype html><html lang="en"><title>Recipes</title><link rel="icon" href="data:,"><body>
  <div id="root"></div><script type="module" src="/page.js"></script>`;

let front;
let site;
let browser;
/** Notes what a tab shows, from the first moment on. */
function watchShown() {
  window.shown = [];
  const look = () => {
    const what = document.querySelector("form") ? "form" : document.querySelector("p")?.textContent;
    if (what && window.shown.at(-1) !== what) window.shown.push(what);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
}

/** Tabs of one browser that are this test's alone. */
async function openTabs(t, ...places) {
  const context = await browser.createBrowserContext();
  t.after(() => context.close());
  const tabs = [];
  for (const place of places) {
    const page = await context.newPage();
    await page.evaluateOnNewDocument(watchShown);
    await page.goto(`${site.url}/#${place}`);
    tabs.push({
      page,
      shows: (text) => until(page, (wanted) => window.shown.at(-1) === wanted, text),
      isAt: (hash) => until(page, (wanted) => location.hash === wanted, hash),
      shown: () => page.evaluate(() => window.shown.splice(0)),
      /** How many caches there have been since it was loaded. */
      caches: () => page.evaluate(() => window.played.caches.size),
      login: (...args) => page.evaluate(async (...words) => void (await window.played.client.login(...words)), ...args),
      refetch: () => page.evaluate(() => window.played.cache.invalidateQueries()),
      token: () => page.evaluate(() => window.played.client.getSnapshot().connection.getAccessToken()),
    });
  }
  return tabs;
}

describe("pages in Chromium", () => {
  before(async () => {
    front = await startFront();
    const main = readFileSync(join(import.meta.dirname, "fixtures/main.jsx"), "utf8");
    const folder = await placed("pages", front.url, { more: { "main.jsx": main } });
    const { outputFiles } = await build({
      entryPoints: [join(folder, "main.jsx")],
      bundle: true,
      format: "esm",
      jsx: "automatic",
      define: { "process.env.NODE_ENV": '"development"' },
      write: false,
      logLevel: "warning",
    });
    const scripts = { "/": html, "/page.js": outputFiles[0].text };
    site = await startSite(scripts, "script-src 'self' 'wasm-unsafe-eval'");
    browser = await launch("chromium");
  });
  beforeEach(() => front.forget());
  after(async () => {
    await browser?.close();
    await site?.close();
    await front?.close();
  });

  test("two tabs with TanStack Query and axios share one refresh for a storm of 401", async (t) => {
    const tabs = await openTabs(t, "/", "/");
    await tabs[0].login("alice", "wonderland");
    for (const tab of tabs) await tab.shows("alice");
    await front.revoke(await tabs[0].token());
    front.forget();
    await Promise.all(tabs.map((tab) => tab.refetch()));
    assert.deepEqual(front.grants(), ["refresh_token"]);
    const calls = front.requests.filter(({ method, path }) => method !== "OPTIONS" && path.startsWith("/api/"));
    assert.ok(calls.some(({ status }) => status === 401));
    assert.equal(calls.filter(({ status }) => status === 200).length, 4);
    for (const tab of tabs) assert.equal(await tab.caches(), 1);
  });

  test("who takes another's place, in any tab, is shown nothing of hers", async (t) => {
    const tabs = await openTabs(t, "/", "/");
    await tabs[0].login("alice", "wonderland");
    for (const tab of tabs) await tab.shows("alice");
    await tabs[1].login("bob", "builder");
    for (const tab of tabs) {
      await tab.shows("bob");
      const shown = (await tab.shown()).filter((what) => what !== "form");
      assert.equal(shown.indexOf("…", shown.lastIndexOf("alice")), shown.lastIndexOf("alice") + 1);
      assert.ok(shown.lastIndexOf("alice") < shown.indexOf("bob"));
      assert.equal(await tab.caches(), 2);
    }
  });

  test("a query is tried again for what may succeed, and not for an end of the session", async (t) => {
    const [tab] = await openTabs(t, "/");
    await tab.login("alice", "wonderland");
    await tab.shows("alice");
    const answers = await tab.page.evaluate(() => {
      const { retry } = window.played.cache.getDefaultOptions().queries;
      const errors = [{ retryable: false }, { retryable: true }, new TypeError("Failed to fetch")];
      return [...errors, { cause: errors[0] }, { cause: errors[1] }].map((error) => [retry(2, error), retry(3, error)]);
    });
    const [no, yes] = [
      [false, false],
      [true, false],
    ];
    assert.deepEqual(answers, [no, yes, yes, no, yes]);
  });

  test("a protected route leads to the form and back, and who is signed in sees no form after a reload", async (t) => {
    const [one, other] = await openTabs(t, "/things?page=2", "/login");
    await one.isAt("#/login");
    await other.shows("form");
    await other.page.type("[name=username]", "alice");
    await other.page.type("[name=password]", "mistyped");
    await other.page.click("[type=submit]");
    await other.page.waitForSelector("[role=alert]");
    assert.equal(await other.page.$eval("[role=alert]", ({ textContent }) => textContent), "invalid_grant");
    await other.page.$eval("[name=password]", (field) => field.select());
    await other.page.type("[name=password]", "wonderland");
    await other.page.click("[type=submit]");
    await one.isAt("#/things?page=2");
    await other.isAt("#/");
    for (const tab of [one, other]) await tab.shows("alice");

    await one.page.reload();
    await one.shows("alice");
    assert.ok(!(await one.shown()).includes("form"));

    await other.page.evaluate(() => window.played.client.getSnapshot().connection.signout());
    for (const tab of [one, other]) await tab.isAt("#/login");
  });
});
