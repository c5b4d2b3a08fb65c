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

/** For the page, before its own scripts: every token received so far is stale. */
function setClockOn() {
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
}

inOneBrowserAtLeast((browser) => {
  test("a reload keeps the session and asks the server nothing", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    const before = await page.evaluate(allTokens);

    await reload(page);
    const asked = server.requests.length;
    await page.evaluate(async () => {
      window.connection = await window.client.restore();
    });
    assert.deepEqual(await page.evaluate(allTokens), before);
    assert.equal(server.requests.length, asked);
    assert.equal(server.count("token"), 1);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.deepEqual(problems, []);
  });

  test("an access token that is stale after a reload is refreshed once, by the first call", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    const [stale, spent] = await page.evaluate(allTokens);

    await page.evaluateOnNewDocument(setClockOn);
    await reload(page);
    await page.evaluate(async () => {
      window.connection = await window.client.restore();
    });
    assert.equal(server.count("token"), 1);

    const calls = await page.evaluate(() => Promise.all([1, 2, 3].map(() => window.connection.getAccessToken())));
    const [fresh, next] = await page.evaluate(allTokens);
    assert.deepEqual(calls, [fresh, fresh, fresh]);
    assert.notEqual(fresh, stale);
    assert.notEqual(next, spent);
    assert.equal(server.count("token"), 2);
    assert.equal(server.requests.findLast(({ method }) => method === "POST").grant_type, "refresh_token");
    assert.equal(await page.evaluate(() => window.connection.getSnapshot().generation), 2);

    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.deepEqual(await page.evaluate(allTokens), [fresh, next]);
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problems, []);
  });

  test("a session that was signed out is not there after a reload, and its tokens are nowhere", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    const tokens = await page.evaluate(allTokens);
    const copies = await page.evaluate(async () => {
      await window.connection.signout();
      return localStorage.length;
    });
    assert.equal(copies, 0);
    assert.equal(server.count("revocation"), 1);

    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.equal(await page.evaluate(() => window.client.getSnapshot().error), null);
    const kept = await page.evaluate(async () => JSON.stringify([localStorage, await window.inRegister()]));
    for (const token of tokens) assert.equal(kept.includes(token), false);
    assert.match(kept, /signed_out/);
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problems, []);
  });

  test("a second tab finds the session, and its sign-out ends the first tab's", async (t) => {
    const { server, open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(logIn);
    assert.equal(await two.page.evaluate(restoredUser), "alice");
    assert.equal(server.count("token"), 1);
    await one.page.evaluate(() => {
      window.ended = window.snapshotWhere(window.client, ({ connection }) => connection === null);
    });

    await two.page.evaluate(() => window.connection.signout());
    const seen = await one.page.evaluate(async () => {
      await window.ended;
      const { state, error } = window.connection.getSnapshot();
      return {
        state,
        reason: error.reason,
        call: await window.outcome(window.connection.getAccessToken()),
        refreshToken: window.connection.retrievePersistanceToken(),
        restored: await window.client.restore(),
      };
    });
    assert.deepEqual(seen, {
      state: "ended",
      reason: "signed_out",
      call: { name: "MeshyError", code: "session_ended", reason: "signed_out" },
      refreshToken: null,
      restored: null,
    });
    assert.equal(server.count("revocation"), 1);
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("a tab learns of a session that begins in another", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(() => {
      window.begun = window.snapshotWhere(window.client, ({ connection }) => connection !== null);
    });
    await two.page.evaluate(logIn);
    const user = await one.page.evaluate(async () => window.userOf((await window.begun).connection));
    assert.equal(user, "alice");
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("a tab goes on with the tokens that another has received", async (t) => {
    const { server, open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(logIn);
    await two.page.evaluate(restoredUser);
    await one.page.evaluate(() => {
      window.rotated = window.snapshotWhere(window.connection, ({ generation }) => generation === 2);
    });
    await two.page.evaluate(async () => {
      await window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
    });
    await one.page.evaluate(() => window.rotated.then(() => {}));
    assert.deepEqual(await one.page.evaluate(allTokens), await two.page.evaluate(allTokens));
    assert.equal(server.count("token"), 2);
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("another user's login in one tab replaces the session in the other", async (t) => {
    const { server, open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(logIn);
    await one.page.evaluate(() => {
      window.replaced = window.snapshotWhere(window.connection, ({ state }) => state === "ended");
      window.succeeded = window.snapshotWhere(
        window.client,
        ({ connection }) => connection?.getSnapshot().generation === 2,
      );
    });
    await two.page.evaluate(async () => {
      window.connection = await window.client.login("bob", "builder");
    });
    const seen = await one.page.evaluate(async () => ({
      reason: (await window.replaced).error.reason,
      call: await window.outcome(window.connection.getAccessToken()),
      user: await window.userOf((await window.succeeded).connection),
    }));
    assert.deepEqual(seen, {
      reason: "replaced",
      call: { name: "MeshyError", code: "session_ended", reason: "replaced" },
      user: "bob",
    });
    assert.equal(server.count("token"), 2);
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("two slots do not meet", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(async () => {
      await (await window.makeClient({ slot: "a" })).login("alice", "wonderland");
      await (await window.makeClient({ slot: "b" })).login("bob", "builder");
    });
    await reload(page);
    const users = await page.evaluate(async () => {
      const [a, b] = await Promise.all(["a", "b"].map((slot) => window.makeClient({ slot })));
      const [alice, bob] = [await a.restore(), await b.restore()];
      const both = [await window.userOf(alice), await window.userOf(bob)];
      await alice.signout();
      return [...both, await window.client.restore(), await a.restore(), await window.userOf(await b.restore())];
    });
    assert.deepEqual(users, ["alice", "bob", null, null, "bob"]);
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problems, []);
  });
});
