import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inOneBrowserAtLeast } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { allTokens, logIn, newSessionTest, restoredUser, sessionPage } from "./session-page.mjs";

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: the package once more, from another URL, with a client of the same session. */
async function loadAnotherCopy() {
  const [one, two] = await Promise.all([import("/pkg/index.js"), import("/pkg/index.js?copy")]);
  const authUrl = location.search.slice(1);
  window.another = await two.initialize("demo", "demo-public-key", { authUrl, persistence: "local" });
  window.copies = [one, two];
  return one.initialize !== two.initialize && one.MeshyError !== two.MeshyError;
}

inOneBrowserAtLeast((browser) => {
  test("two copies of the package in one page share a session: one request, and the sign-out reaches both", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    assert.equal(await page.evaluate(loadAnotherCopy), true);
    await page.evaluate(logIn);
    const restored = await page.evaluate(async () => {
      window.other = await window.another.restore();
      return [await window.other.getAccessToken(), window.other.retrievePersistanceToken()];
    });
    assert.deepEqual(restored, await page.evaluate(allTokens));
    assert.equal(server.count("token"), 1);

    for (const generation of [2, 3, 4]) {
      const { tokens, refreshTokens, generations } = await page.evaluate(async () => {
        const both = [window.connection, window.other];
        const rejected = await window.connection.getAccessToken();
        return {
          tokens: await Promise.all([...both, ...both].map((connection) => connection.getAccessToken({ rejected }))),
          refreshTokens: both.map((connection) => connection.retrievePersistanceToken()),
          generations: both.map((connection) => connection.getSnapshot().generation),
        };
      });
      assert.equal(new Set(tokens).size, 1);
      assert.equal(new Set(refreshTokens).size, 1);
      assert.deepEqual(generations, [generation, generation]);
      assert.equal(server.count("token"), generation);
    }

    const seen = await page.evaluate(async () => {
      const ended = window.snapshotWhere(window.connection, ({ state }) => state === "ended");
      await window.other.signout();
      const { error } = await ended;
      return {
        reason: error.reason,
        isAnErrorOfBoth: window.copies.map(({ MeshyError }) => error instanceof MeshyError),
        call: await window.outcome(window.connection.getAccessToken()),
        restored: [await window.client.restore(), await window.another.restore()],
      };
    });
    assert.deepEqual(seen, {
      reason: "signed_out",
      isAnErrorOfBoth: [true, true],
      call: { name: "MeshyError", code: "session_ended", reason: "signed_out" },
      restored: [null, null],
    });
    assert.equal(server.count("revocation"), 1);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.deepEqual(problems, []);
  });
});
