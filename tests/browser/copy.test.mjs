import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser, problemsOf } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { logIn, newSessionTest, restoredUser, sessionPage } from "./session-page.mjs";

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

inEachBrowser((browser) => {
  for (const text of ['{"gen":9}', '{"v":2,"sid":"x","gen":9}', '{"sid":"x","gen":"9"}', "{", "null"]) {
    test(`${text} in localStorage does not hide the session in IndexedDB`, async (t) => {
      const { reload, open } = await newSessionTest(t, browser(), site);
      const tab = await open();
      await tab.page.evaluate(logIn);
      await tab.page.evaluate((value) => localStorage.setItem(localStorage.key(0), value), text);
      await reload(tab.page);
      assert.equal(await tab.page.evaluate(restoredUser), "alice");
      assert.deepEqual(problemsOf([tab]), []);
    });
  }

  for (const text of ["{}", "1", '{"gen":9}', "{"]) {
    test(`with ${text} in localStorage and nothing in IndexedDB a login is stored`, async (t) => {
      const { reload, open } = await newSessionTest(t, browser(), site);
      const tab = await open();
      await tab.page.evaluate(logIn);
      await tab.page.evaluate(async (value) => {
        const key = localStorage.key(0);
        await window.emptyRegister();
        localStorage.setItem(key, value);
      }, text);
      await reload(tab.page);
      await tab.page.evaluate(logIn);
      assert.equal(await tab.page.evaluate(() => window.client.getSnapshot().storage), "ok");
      const kept = await tab.page.evaluate(() => window.inRegister());
      assert.equal(kept.length, 1);
      assert.deepEqual(problemsOf([tab]), []);
    });
  }
});
