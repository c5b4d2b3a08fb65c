import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { newAuthorizationServer } from "./servers.mjs";

const guide = await readFile(new URL("../../docs/guide.md", import.meta.url), "utf8");
const library = await readFile(new URL("../../pkg/index.js", import.meta.url), "utf8");
const [, html] = guide.match(/^`index.html`:\n\n```html\n(.*?)^```$/ms);
const [, script] = guide.match(/^`app.js`:\n\n```js\n(.*?)^```$/ms);
const policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";

const isShown = (page, selector) => until(page, (one) => !document.querySelector(one).hidden, selector);
const says = (page, selector, words) =>
  until(page, (one, text) => document.querySelector(one).textContent === text, selector, words);

async function signIn(page, password) {
  await isShown(page, "form");
  await page.$eval("form", (form) => form.reset());
  await page.type("[name=username]", "alice");
  await page.type("[name=password]", password);
  await page.click("form button");
}

inOneBrowserAtLeast((browser) => {
  test("the page of docs/guide.md signs in, restores, calls, signs out, and shows it in two tabs", async (t) => {
    const server = await newAuthorizationServer(t);
    const scripts = {
      "/": html,
      "/app.js": script.replaceAll("http://127.0.0.1:8081", server.url),
      "/node_modules/meshydb-client/index.js": library,
      "/favicon.ico": "",
    };
    const site = await startSite(scripts, policy);
    t.after(() => site.close());
    const context = await newContext(t, browser());
    const first = await newTab(context, site.url);
    const second = await newTab(context, site.url);

    await isShown(second.page, "form");
    await first.page.bringToFront();
    await signIn(first.page, "mistyped");
    await says(first.page, "[role=alert]", "That user name and password do not belong together.");
    await signIn(first.page, "wonderland");
    await isShown(first.page, "main");
    await isShown(second.page, "main");

    await first.page.reload();
    await isShown(first.page, "main");
    await first.page.click("#call");
    await says(first.page, "output", "alice");

    await first.page.click("#sign-out");
    await isShown(first.page, "form");
    await isShown(second.page, "form");
    await says(second.page, "[role=alert]", "Signed out.");
    assert.equal(server.count("token"), 2);
    const isExpected = (text) => text.includes("status of 400");
    assert.deepEqual(
      [...first.problems, ...second.problems].filter((text) => !isExpected(text)),
      [],
    );
  });
});
