import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, test } from "node:test";
import { entry, expired, rejects, server, start } from "../shared/client.mjs";
import { gate } from "../shared/fake-server.mjs";
import { LockedStore, MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { until } from "../shared/waiting.mjs";

const other = createRequire(import.meta.url)("../../pkg/index.cjs");

/** Numbers that look like chance, the same ones each time. */
function shuffler(seed) {
  let state = seed;
  const below = (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return (list) => {
    for (let last = list.length - 1; last > 0; last -= 1) {
      const index = below(last + 1);
      [list[last], list[index]] = [list[index], list[last]];
    }
    return list;
  };
}

describe("1,000 users of one process", () => {
  const shuffle = shuffler(1);
  const users = Array.from({ length: 1_000 }, (_, index) => `user${index}`);
  const ROTATIONS = 5;
  const userOf = (token) => /^[ar]t-canary-(user\d+)-\d+$/.exec(token)[1];

  /** Answers come in another order than the requests, and not before all of these are there. */
  function answerInDisorder() {
    const waiting = [];
    server.answer = () => {
      const { promise, open } = gate();
      waiting.push(open);
      return promise;
    };
    return async (count) => {
      await until(() => waiting.length === count);
      for (const open of shuffle(waiting.splice(0))) open();
    };
  }

  test("of 10,000 calls each gets its own user's token, by one request for each rotation", async () => {
    const persistence = new MemoryStore();
    const shared = await start();
    const clientOf = (user, index) =>
      [() => start(), () => shared, () => start({ persistence, slot: user })][index % 3]();
    const answer = answerInDisorder();
    const opening = users.map(async (user, index) => [
      user,
      await (await clientOf(user, index)).login(user, `pw-${user}`),
    ]);
    await answer(users.length);
    const sessions = await Promise.all(opening);

    let calls = 0;
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
      const held = new Map();
      for (const [user, connection] of sessions) held.set(user, await connection.getAccessToken());
      const asking = shuffle([...sessions, ...sessions]).map(async ([user, connection]) => {
        calls += 1;
        return [user, await connection.getAccessToken({ rejected: held.get(user) })];
      });
      await answer(users.length);
      const got = new Map(users.map((user) => [user, new Set()]));
      for (const [user, token] of await Promise.all(asking)) got.get(user).add(token);
      for (const [user, [token, ...more]] of got) {
        assert.deepEqual(more, []);
        assert.equal(userOf(token), user);
        assert.notEqual(token, held.get(user));
      }
      assert.equal(server.count("refresh_token"), rotation * users.length);
    }
    assert.equal(calls, 10_000);

    const sent = server.sent("refresh_token").map(({ form }) => form.refresh_token);
    assert.equal(new Set(sent).size, sent.length);
    const times = new Map();
    for (const token of sent) times.set(userOf(token), (times.get(userOf(token)) ?? 0) + 1);
    for (const [user, connection] of sessions) {
      assert.equal(times.get(user), ROTATIONS);
      assert.equal(userOf(connection.retrievePersistanceToken()), user);
      assert.equal(connection.getSnapshot().generation, ROTATIONS + 1);
    }
    assert.equal(persistence.values.size, 333);
    for (const [key, text] of persistence.values) {
      const { access_token, refresh_token } = JSON.parse(text);
      for (const token of [access_token, refresh_token]) assert.equal(userOf(token), /user\d+/.exec(key)[0]);
    }

    server.answer = () => undefined;
    const isOut = (index) => index % 2 === 0;
    await Promise.all(sessions.map(([, connection], index) => isOut(index) && connection.signout()));
    for (const [index, [user, connection]] of sessions.entries()) {
      if (isOut(index)) await rejects(connection.getAccessToken(), { code: "session_ended", reason: "signed_out" });
      else assert.equal(userOf(await connection.getAccessToken()), user);
    }
    const revoked = server.sent("revocation").map(({ form }) => userOf(form.token));
    assert.deepEqual(new Set(revoked), new Set(users.filter((_, index) => isOut(index))));
    assert.equal(revoked.length, 500);
  });
});

describe("two copies of the package in one process", () => {
  let time;
  beforeEach(() => {
    time = new Time();
  });
  afterEach(() => time.restore());

  const open = (copy, persistence) => copy.initialize("demo", "demo-key", { fetch: server.fetch, persistence });

  for (const [what, Store] of Object.entries({ MemoryStore, WatchedStore, LockedStore })) {
    for (const [one, two, order] of [
      [entry, other, "ESM first"],
      [other, entry, "CommonJS first"],
    ]) {
      test(`share a session in a ${what} (${order}): one request, and the sign-out reaches both`, async () => {
        assert.notEqual(one.initialize, two.initialize);
        const persistence = new Store();
        server.lifetime = 0;
        const first = await open(one, persistence).login("alice", "pw");
        const second = await open(two, persistence).restore();
        for (const generation of [2, 3, 4]) {
          server.lifetime = generation * 1_000;
          const calls = [first, second, first, second].map((connection) => connection.getAccessToken({}));
          const tokens = await time.settling(Promise.all(calls));
          assert.deepEqual([...new Set(tokens)], [`at-canary-alice-${generation}`]);
          assert.equal(server.count("refresh_token"), generation - 1);
          for (const connection of [first, second]) {
            assert.equal(connection.getSnapshot().generation, generation);
            assert.equal(connection.retrievePersistanceToken(), `rt-canary-alice-${generation}`);
          }
          await time.pass(generation * 1_000_000);
        }
        await time.settling(second.signout());
        const error = await rejects(time.settling(first.getAccessToken()), {
          code: "session_ended",
          reason: "signed_out",
        });
        assert.ok(error instanceof one.MeshyError && error instanceof two.MeshyError);
        assert.equal(server.count("revocation"), 1);
        assert.equal(server.count("refresh_token"), 3);
      });
    }
  }
});

describe("after it was disposed of", () => {
  test("a client answers aborted, and its session goes on", async () => {
    const persistence = new WatchedStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    client[Symbol.dispose]();
    client[Symbol.dispose]();
    for (const call of [
      () => client.login("alice", "pw"),
      () => client.loginWithPersistance("rt"),
      () => client.adopt({}),
      () => client.restore(),
      async () => client.subscribe(() => {}),
      async () => client.getSnapshot(),
    ]) {
      await rejects(call(), { code: "aborted", retryable: false });
    }
    assert.match(await connection.getAccessToken({ rejected: await connection.getAccessToken() }), /-alice-2/);
    assert.equal(server.requests.length, 2);
  });

  test("a connection answers aborted, and other handles go on", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    const handle = client.getSnapshot().connection;
    connection[Symbol.dispose]();
    connection[Symbol.dispose]();
    for (const call of [
      () => connection.getAccessToken(),
      () => connection.getAccessToken({ minValidity: 1 }),
      () => connection.fetch("x"),
      () => connection.signout(),
      async () => connection.subscribe(() => {}),
      async () => connection.getSnapshot(),
      async () => connection.retrievePersistanceToken(),
    ]) {
      await rejects(call(), { code: "aborted", retryable: false });
    }
    assert.match(await handle.getAccessToken(), /-alice-1/);
    assert.equal(server.requests.length, 1);
  });

  test("what is under way comes to its end", async () => {
    const { client, connection } = await expired({ persistence: new MemoryStore() });
    const release = server.hold();
    const calls = [connection.getAccessToken(), client.login("bob", "pw")];
    await until(() => server.requests.length === 3);
    connection[Symbol.dispose]();
    client[Symbol.dispose]();
    release();
    const [token, bob] = await Promise.all(calls);
    assert.match(token, /-alice-/);
    assert.match(await bob.getAccessToken(), /-bob-/);
  });
});
