import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inOneBrowserAtLeast, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { isWaiting, locks, newSessionTest, openSession, sessionPage, startRefresh } from "./session-page.mjs";

const ROUNDS = 10;

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: the token after the one in hand. */
async function refresh() {
  return window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
}

inOneBrowserAtLeast((browser) => {
  async function openTabs(t, prepare, timeout) {
    const sessionTest = await newSessionTest(t, browser(), site);
    const [one, two] = [await sessionTest.open(prepare), await sessionTest.open(prepare)];
    await one.page.evaluate(openSession, timeout);
    await two.page.evaluate(openSession, timeout);
    return { ...sessionTest, one, two };
  }

  for (const [what, prepare] of Object.entries(locks)) {
    test(`with ${what} two tabs that refresh at once make one request`, async (t) => {
      const { server, one, two } = await openTabs(t, prepare);
      const tokens = new Set([await one.page.evaluate(() => window.connection.getAccessToken())]);
      for (let round = 1; round <= ROUNDS; round++) {
        const [token, other] = await Promise.all([one.page.evaluate(refresh), two.page.evaluate(refresh)]);
        assert.equal(other, token);
        assert.equal(server.count("token"), 1 + round);
        tokens.add(token);
      }
      assert.equal(tokens.size, 1 + ROUNDS);
      assert.equal(await two.page.evaluate(() => window.userOf(window.connection)), "alice");
      assert.equal(server.count("revocation"), 0);
      assert.deepEqual([...one.problems, ...two.problems], []);
    });

    test(`with ${what} a tab that is closed while it refreshes is taken over from`, async (t) => {
      const { server, gate, one, two } = await openTabs(t, prepare, 3_000);
      const held = gate.hold();
      await one.page.evaluate(startRefresh);
      await held;
      await two.page.evaluate(startRefresh);
      await until(two.page, isWaiting);
      assert.equal(server.count("token"), 1);
      await one.page.close();
      assert.match(await two.page.evaluate(() => window.refreshed), /^[\w-]{20,}$/);
      assert.equal(await two.page.evaluate(() => window.userOf(window.connection)), "alice");
      assert.equal(await two.page.evaluate(() => window.connection.getSnapshot().generation), 2);
      assert.equal(server.count("token"), 2);
      assert.deepEqual(two.problems, []);
    });
  }
});
