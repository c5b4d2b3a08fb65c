import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser } from "./browsers.mjs";
import { startSite } from "./servers.mjs";
import { allTokens, logIn, newSessionTest, restoredUser, sessionPage } from "./session-page.mjs";

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page, before its own scripts, as browsers do where a user refuses cookies. */
function blockStorage() {
  Object.defineProperty(window, "localStorage", {
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  });
}

/** For the page, before its own scripts. */
function fillStorage() {
  Storage.prototype.setItem = () => {
    throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
  };
}

const junk = {
  "no JSON": "junk",
  "no object": "[1]",
  "an empty object": "{}",
  "a record without tokens": '{"v":1,"sid":"s","gen":1}',
  "a record of a later version": '{"v":2,"sid":"s","gen":1}',
};

inEachBrowser((browser) => {
  for (const [what, prepare, storage] of [
    ["blocked", blockStorage, "none"],
    ["full", fillStorage, "degraded"],
  ]) {
    test(`where localStorage is ${what} the session lives in memory`, async (t) => {
      const { server, open, reload } = await newSessionTest(t, browser(), site);
      const { page, problems } = await open(prepare);
      await page.evaluate(logIn);
      const seen = await page.evaluate(async () => {
        const [first, second] = [await window.connection.getAccessToken(), window.client.getSnapshot()];
        const next = await window.connection.getAccessToken({ rejected: first });
        return {
          user: await window.userOf(window.connection),
          storage: [second.storage, window.client.getSnapshot().storage],
          isRefreshed: next !== first,
          isConnected: window.client.getSnapshot().connection !== null,
        };
      });
      assert.deepEqual(seen, { user: "alice", storage: [storage, storage], isRefreshed: true, isConnected: true });
      await page.evaluate(() => window.connection.signout());
      assert.equal(server.count("revocation"), 1);
      await reload(page);
      assert.equal(await page.evaluate(restoredUser), null);
      assert.deepEqual(problems, []);
    });
  }

  test("what is stored and is no session is reported, and left alone until the next login", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    for (const [what, text] of Object.entries(junk)) {
      await page.evaluate((value) => localStorage.setItem(localStorage.key(0), value), text);
      await reload(page);
      const seen = await page.evaluate(async () => {
        const restored = await window.client.restore();
        const { ready, connection, error } = window.client.getSnapshot();
        return { restored, ready, connection, code: error.code, kept: localStorage.getItem(localStorage.key(0)) };
      });
      assert.deepEqual(seen, { restored: null, ready: true, connection: null, code: "unsupported", kept: text }, what);
    }
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problems, []);
  });

  test("a login takes the place of what is no session", async (t) => {
    const { open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    await page.evaluate((value) => localStorage.setItem(localStorage.key(0), value), "junk");
    await reload(page);
    await page.evaluate(logIn);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.equal(await page.evaluate(() => window.client.getSnapshot().error), null);
    assert.deepEqual(problems, []);
  });

  test("a storage that is cleared ends the session in every other tab", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(logIn);
    await one.page.evaluate(() => {
      window.ended = window.snapshotWhere(window.client, ({ connection }) => connection === null);
    });
    await two.page.evaluate(() => localStorage.clear());
    const call = await one.page.evaluate(async () => {
      await window.ended;
      return window.outcome(window.connection.getAccessToken());
    });
    assert.deepEqual(call, { name: "MeshyError", code: "session_ended", reason: "removed" });
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("no secret is in a storage key or a snapshot, and no password is in the storage", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const { page } = await open();
    await page.evaluate(logIn);
    const tokens = await page.evaluate(allTokens);
    const { keys, values, session, snapshots } = await page.evaluate(() => ({
      keys: Object.keys(localStorage),
      values: Object.values(localStorage),
      session: Object.keys(sessionStorage),
      snapshots: JSON.stringify([window.client.getSnapshot(), window.connection.getSnapshot()]),
    }));
    assert.equal(keys.length, 1);
    assert.deepEqual(session, []);
    for (const token of tokens) assert.ok(values[0].includes(token));
    for (const secret of [...tokens, "wonderland"]) {
      assert.equal(keys[0].includes(secret), false);
      assert.equal(snapshots.includes(secret), false);
    }
    assert.equal(values[0].includes("wonderland"), false);
    assert.equal(values[0].includes("alice"), false);
  });
});
