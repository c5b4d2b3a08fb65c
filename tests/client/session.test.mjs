import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { expired, rejects, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

describe("a session", () => {
  test("serves its token without a request until it expires, then refreshes once for 1,000 callers", async () => {
    const { connection } = await expired();
    const open = server.hold("refresh_token");
    const calls = Array.from({ length: 1_000 }, () => connection.getAccessToken());
    await until(() => server.count("refresh_token") === 1);
    assert.equal(connection.getSnapshot().state, "refreshing");
    open();
    const found = new Set(await Promise.all(calls));
    assert.equal(found.size, 1);
    assert.equal(server.count("refresh_token"), 1);
    for (let call = 0; call < 100; call += 1) assert.ok(found.has(await connection.getAccessToken()));
    assert.equal(server.requests.length, 2);
  });

  const HOUR = 3_600_000;
  const YEARS = 10 * 365 * 24 * HOUR;
  for (const [what, jump, passed] of [
    ["jumps past the expiry", 2 * HOUR, 0],
    ["jumps ten years ahead", YEARS, 0],
    ["jumps ten years back", -YEARS, 0],
    ["is set back by as much as has passed", 1, 2 * HOUR],
  ]) {
    test(`whose clock ${what} refreshes once`, async () => {
      const connection = await start().login("alice", "pw");
      const first = await connection.getAccessToken();
      assert.equal(server.count("refresh_token"), 0);
      const clocks = [
        [Date, jump],
        [performance, passed],
      ].map(([clock, more]) => {
        const now = clock.now.bind(clock);
        return mock.method(clock, "now", () => now() + more);
      });
      try {
        const calls = [connection.getAccessToken(), connection.getAccessToken({})];
        const [second, third] = await Promise.all(calls);
        assert.notEqual(second, first);
        assert.deepEqual([third, await connection.getAccessToken()], [second, second]);
        assert.equal(server.count("refresh_token"), 1);
      } finally {
        for (const clock of clocks) clock.mock.restore();
      }
    });
  }

  test("refreshes for a validity that the token in hand has not, of half of its lifetime at most", () =>
    inTime(async (time) => {
      server.lifetime = 60;
      const connection = await start().login("alice", "pw");
      for (let call = 0; call < 10; call += 1) await connection.getAccessToken({ minValidity: 120 });
      await time.pass(29_000);
      await connection.getAccessToken({ minValidity: 120 });
      assert.equal(server.count("refresh_token"), 0);
      await time.pass(1_000);
      await connection.getAccessToken({ minValidity: 29 });
      assert.equal(server.count("refresh_token"), 0);
      for (let call = 0; call < 10; call += 1) await connection.getAccessToken({ minValidity: 120 });
      assert.equal(server.count("refresh_token"), 1);
    }));

  test("whose refresh token was given less than a minute ago is asked twice more before it counts as dead", () =>
    inTime(async (time) => {
      const { connection } = await expired();
      let refusals = 2;
      server.answer = () => (refusals-- > 0 ? json(400, { error: "invalid_grant" }) : undefined);
      assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
      assert.equal(time.passed, 3_000);
      refusals = 3;
      const call = connection.getAccessToken({ rejected: await connection.getAccessToken() });
      await time.settling(rejects(call, { code: "session_ended", reason: "invalid_grant" }));
      assert.equal(server.count("refresh_token"), 6);
    }));

  test("refreshes for a token that the API refused, if it is still the one in hand", async () => {
    const connection = await start().login("alice", "pw");
    const first = await connection.getAccessToken();
    const second = await connection.getAccessToken({ rejected: first });
    assert.notEqual(second, first);
    assert.equal(await connection.getAccessToken({ rejected: first }), second);
    assert.equal(await connection.getAccessToken({ rejected: "some other" }), second);
    assert.equal(server.count("refresh_token"), 1);
    const calls = Array.from({ length: 100 }, () => connection.getAccessToken({ rejected: second }));
    assert.equal(new Set(await Promise.all(calls)).size, 1);
    assert.equal(server.count("refresh_token"), 2);
  });

  test("that the server ends says so once, to all who wait, and sends nothing more", async () => {
    const { client, connection } = await expired();
    server.answer = () => json(400, { error: "invalid_grant" });
    await inTime(async (time) => {
      await time.pass(60_000);
      const calls = Array.from({ length: 10 }, () => connection.getAccessToken());
      for (const call of calls) await rejects(call, { code: "session_ended", reason: "invalid_grant" });
    });
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "invalid_grant" });
    assert.equal(server.requests.length, 2);
    assert.equal(connection.retrievePersistanceToken(), null);
    assert.equal(client.getSnapshot().connection, null);
    server.answer = () => undefined;
    assert.match(await (await client.login("alice", "pw")).getAccessToken(), /^at-/);
  });

  test("wrong credentials leave the client as it was", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    await rejects(client.login("alice", "wrong-canary"), { code: "invalid_grant", status: 400 });
    assert.match(await connection.getAccessToken(), /^at-/);
    assert.match(await (await client.login("alice", "pw")).getAccessToken(), /^at-/);
  });

  test("with persistence none every login is a session of its own", async () => {
    const client = await start();
    const alice = await client.login("alice", "pw");
    const bob = await client.login("bob", "pw");
    assert.match(await alice.getAccessToken({ rejected: await alice.getAccessToken() }), /-alice-/);
    assert.match(await bob.getAccessToken({ rejected: await bob.getAccessToken() }), /-bob-/);
    await alice.signout();
    assert.equal(bob.getSnapshot().state, "active");
    assert.match(await bob.getAccessToken(), /-bob-/);
  });
});

describe("loginWithPersistance", () => {
  test("with the token of a live session gives a second handle on it, and both go on", async () => {
    const client = await start();
    const first = await client.login("alice", "pw");
    const second = await client.loginWithPersistance(first.retrievePersistanceToken());
    assert.notEqual(second, first);
    assert.equal(server.count("refresh_token"), 1);
    assert.equal(await second.getAccessToken(), await first.getAccessToken());
    for (const handle of [first, second, first]) {
      await handle.getAccessToken({ rejected: await handle.getAccessToken() });
    }
    assert.equal(first.retrievePersistanceToken(), second.retrievePersistanceToken());
    assert.deepEqual(first.getSnapshot(), second.getSnapshot());
    assert.equal(first.getSnapshot().state, "active");
  });

  test("with an old token, rotated underneath, joins, and the old one is never sent again", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    const saved = connection.retrievePersistanceToken();
    for (let rotation = 0; rotation < 20; rotation += 1) {
      await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    }
    const joined = await client.loginWithPersistance(saved);
    assert.equal(await joined.getAccessToken(), await connection.getAccessToken());
    const sent = server.sent("refresh_token").map(({ form }) => form.refresh_token);
    assert.equal(sent.filter((token) => token === saved).length, 1);
    assert.equal(new Set(sent).size, 21);
  });

  test("through a store joins the session that another client has rotated", async () => {
    const persistence = new MemoryStore();
    const one = await start({ persistence });
    const other = await start({ persistence });
    const saved = (await one.login("alice", "pw")).retrievePersistanceToken();
    const elsewhere = await other.restore();
    await elsewhere.getAccessToken({ rejected: await elsewhere.getAccessToken() });
    const third = await start({ persistence });
    const joined = await third.loginWithPersistance(saved);
    assert.match(await joined.getAccessToken(), /-alice-3/);
    assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === saved).length, 1);
  });

  test("with the newest token joins although this client has not seen it yet", async () => {
    const persistence = new MemoryStore();
    const one = await start({ persistence });
    const other = await start({ persistence });
    const connection = await one.login("alice", "pw");
    const elsewhere = await other.restore();
    await elsewhere.getAccessToken({ rejected: await elsewhere.getAccessToken() });
    const joined = await one.loginWithPersistance(elsewhere.retrievePersistanceToken());
    assert.match(await joined.getAccessToken(), /-alice-3/);
    assert.equal(await connection.getAccessToken(), await joined.getAccessToken());
  });

  test("with a token of another process opens a session", async () => {
    const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
    const client = await start();
    const connection = await client.loginWithPersistance(saved);
    assert.match(await connection.getAccessToken(), /-alice-2/);
    assert.notEqual(connection.retrievePersistanceToken(), saved);
    // Now it belongs to that session.
    await client.loginWithPersistance(saved);
    assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === saved).length, 1);
  });

  for (const [what, prepare] of [
    ["first of all", async () => {}],
    ["beside another session", (client) => client.login("bob", "pw")],
  ]) {
    test(`${what}, several times at once with a token of another process opens one session`, async () => {
      const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
      const client = await start();
      await prepare(client);
      const open = server.hold("refresh_token");
      const calls = Array.from({ length: 5 }, () => client.loginWithPersistance(saved));
      await until(() => server.count("refresh_token") === 1);
      calls.push(client.loginWithPersistance(saved));
      await settled();
      open();
      const connections = await Promise.all(calls);
      assert.equal(server.count("refresh_token"), 1);
      await connections[0].signout();
      for (const connection of connections) assert.equal(connection.getSnapshot().state, "ended");
    });
  }

  for (const persistence of ["none", "a store"]) {
    test(`with ${persistence}: what comes after the call has gone is there for the next call`, async () => {
      const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
      const client = await start(persistence === "none" ? {} : { persistence: new MemoryStore() });
      const open = server.hold("refresh_token");
      const controller = new AbortController();
      const gone = rejects(client.loginWithPersistance(saved, { signal: controller.signal }), { code: "aborted" });
      await until(() => server.count("refresh_token") === 1);
      controller.abort();
      await gone;
      open();
      const connection = await client.loginWithPersistance(saved);
      assert.match(await connection.getAccessToken(), /-alice-/);
      assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === saved).length, 1);
    });
  }

  test("goes on when the call that sent the token has gone", async () => {
    const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
    const client = await start();
    const open = server.hold("refresh_token");
    const controller = new AbortController();
    const gone = rejects(client.loginWithPersistance(saved, { signal: controller.signal }), { code: "aborted" });
    const call = client.loginWithPersistance(saved);
    await until(() => server.count("refresh_token") === 1);
    controller.abort();
    await gone;
    open();
    const connection = await call;
    assert.match(await connection.getAccessToken(), /-alice-2/);
    assert.equal(client.getSnapshot().connection.retrievePersistanceToken(), connection.retrievePersistanceToken());
    assert.equal(server.count("refresh_token"), 1);
    assert.equal(server.count("revocation"), 0);
  });

  test("several times at once with an unknown token is refused once, and may be tried again", async () => {
    const client = await start();
    const calls = Array.from({ length: 3 }, () => client.loginWithPersistance("unknown-canary"));
    for (const call of calls) await rejects(call, { code: "invalid_grant", status: 400 });
    assert.equal(server.count("refresh_token"), 1);
    await rejects(client.loginWithPersistance("unknown-canary"), { code: "invalid_grant", status: 400 });
    assert.equal(server.count("refresh_token"), 2);
  });

  test("with an unknown token is invalid_grant, and another session stays", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    await rejects(client.loginWithPersistance("unknown-canary"), { code: "invalid_grant", status: 400 });
    assert.equal(connection.getSnapshot().state, "active");
    assert.match(await (await client.restore()).getAccessToken(), /-alice-1/);
  });

  test("with the token of a session that has ended is refused by the server alone", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    const saved = connection.retrievePersistanceToken();
    await connection.signout();
    await rejects(client.loginWithPersistance(saved), { code: "invalid_grant" });
  });
});

describe("adopt", () => {
  const tokens = { access_token: "adopted", token_type: "Bearer", expires_in: 0, scope: "s", refresh_token: "foreign" };

  test("goes on with tokens from anywhere, without a request", async () => {
    const client = await start({ persistence: new MemoryStore() });
    const connection = await client.adopt({ ...tokens, expires_in: 60 });
    assert.equal(await connection.getAccessToken(), "adopted");
    assert.equal(connection.retrievePersistanceToken(), "foreign");
    assert.equal(connection.getSnapshot().scope, "s");
    assert.equal(server.requests.length, 0);
    assert.equal(await (await client.restore()).getAccessToken(), "adopted");
  });

  test("refreshes with the refresh token adopted", async () => {
    const connection = await start().adopt(tokens);
    server.answer = () => json(200, { ...tokens, access_token: "next", refresh_token: "rotated" });
    assert.equal(await connection.getAccessToken(), "next");
    assert.equal(server.requests[0].form.refresh_token, "foreign");
  });

  test("without a refresh token serves the token until it expires", async () => {
    const connection = await start().adopt({ access_token: "adopted", token_type: "Bearer" });
    assert.equal(await connection.getAccessToken(), "adopted");
    assert.equal(connection.retrievePersistanceToken(), null);
    assert.equal(connection.getSnapshot().expiresAt, null);
    await rejects(connection.getAccessToken({ rejected: "adopted" }), { code: "session_ended", reason: "expired" });
    assert.equal(await connection.getAccessToken(), "adopted");
    assert.equal(server.requests.length, 0);
  });
});

describe("a second login", () => {
  test("replaces the first session in a store, and revokes it", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const alice = await client.login("alice", "pw");
    const old = alice.retrievePersistanceToken();
    const bob = await client.login("bob", "pw");
    await until(() => alice.getSnapshot().state === "ended");
    await rejects(alice.getAccessToken(), { code: "session_ended", reason: "replaced" });
    assert.equal(alice.retrievePersistanceToken(), null);
    assert.equal(alice.getSnapshot().error.reason, "replaced");
    assert.match(await bob.getAccessToken(), /-bob-/);
    await until(() => server.count("revocation") === 1);
    assert.equal(server.sent("revocation")[0].form.token, old);
    assert.equal(client.getSnapshot().connection.retrievePersistanceToken(), bob.retrievePersistanceToken());
    // Signing out of what was replaced takes nothing away.
    await alice.signout();
    assert.match(await (await client.restore()).getAccessToken(), /-bob-/);
  });

  test("of another client replaces it too, and the first never gets the second user's token", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    await start({ persistence }).login("bob", "pw");
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "replaced" });
  });

  test("during a refresh of the first gives nobody another user's token", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const open = server.hold("refresh_token");
    const call = connection.getAccessToken();
    await until(() => server.count("refresh_token") === 1);
    const bob = await client.login("bob", "pw");
    open();
    await rejects(call, { code: "session_ended", reason: "replaced" });
    assert.match(await bob.getAccessToken(), /-bob-/);
    assert.match(persistence.record.access_token, /-bob-/);
    await settled();
    const revoked = server.sent("revocation").map(({ form }) => form.token);
    assert.deepEqual(revoked, ["rt-canary-alice-1"], "by the login alone");
  });

  test("that is refused replaces nothing", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const alice = await client.login("alice", "pw");
    await rejects(client.login("bob", "wrong"), { code: "invalid_grant" });
    await settled();
    assert.equal(alice.getSnapshot().state, "active");
    assert.equal(server.count("revocation"), 0);
  });
});
