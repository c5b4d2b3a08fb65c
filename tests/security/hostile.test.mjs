import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { MeshyError, rejects, secret, server, start } from "../shared/client.mjs";
import { FakeServer, json } from "../shared/fake-server.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled } from "../shared/waiting.mjs";

let time;
beforeEach(() => {
  time = new Time();
});
afterEach(() => time.restore());

const thrower = () => {
  throw new Error(secret);
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const trapped = () => new Proxy(() => {}, { get: thrower, has: thrower, apply: thrower, ownKeys: thrower });
const having = (name, descriptor) => Object.defineProperty({}, name, descriptor);
const thenable = (then) => having("then", { value: then });
const nasty = {
  throws: thrower,
  "throws nothing": () => {
    throw undefined;
  },
  "throws what cannot be looked at": () => {
    throw revoked();
  },
  "rejects with nothing": () => Promise.reject(),
  "rejects with what cannot be looked at": () => Promise.reject(revoked()),
  "gives nothing": () => undefined,
  "gives a number": () => Number.NaN,
  "gives a bigint": () => 5n,
  "gives a symbol": () => Symbol(secret),
  "gives true": () => true,
  "gives an array": () => [[[]]],
  "gives an object without a prototype": () => Object.create(null),
  "gives what cannot be looked at": revoked,
  "gives a proxy that throws": trapped,
  "gives an object that throws as text": () => ({
    toString: thrower,
    valueOf: thrower,
    [Symbol.toPrimitive]: thrower,
  }),
  "never answers": () => new Promise(() => {}),
  "gives a thenable that never answers": () => thenable(() => {}),
  "gives a thenable that throws": () => thenable(thrower),
  "gives a thenable whose then throws": () => having("then", { get: thrower }),
  "gives a thenable that resolves twice": () =>
    thenable((resolve) => {
      resolve(null);
      resolve(true);
    }),
  "gives a thenable that resolves and then throws": () =>
    thenable((resolve) => {
      resolve(5);
      thrower();
    }),
  "gives a thenable that rejects and then resolves": () =>
    thenable((resolve, reject) => {
      reject(new Error(secret));
      resolve(true);
    }),
  "gives a thenable that calls back twice and late": () =>
    thenable((resolve) => {
      queueMicrotask(() => resolve(true));
      queueMicrotask(() => resolve(false));
    }),
};

/** Where a promise is not waited for, nobody would handle its rejection. */
const unawaited = Object.entries(nasty)
  .filter(([name]) => !name.startsWith("rejects"))
  .map(([, misbehave]) => misbehave);

/** Everything that a user does; each call settles, and what it is rejected with is a MeshyError without a secret. */
async function useAll(client) {
  const outcome = (promise) => time.settling(promise.catch((error) => error));
  const check = (result) => {
    if (!(result instanceof Error)) return;
    assert.ok(result instanceof MeshyError, inspect(result));
    assert.equal(inspect(result, { showHidden: true }).includes(secret), false);
  };
  const connections = [];
  for (const call of [
    () => client.restore(),
    () => client.login("alice", "pw"),
    () => client.loginWithPersistance("rt-of-nobody"),
    () => client.adopt({ access_token: "a", token_type: "bearer", expires_in: 0, refresh_token: "r" }),
  ]) {
    const result = await outcome(call());
    check(result);
    if (result && !(result instanceof Error)) connections.push(result);
  }
  for (const connection of connections) {
    for (const call of [
      () => connection.getAccessToken(),
      () => connection.getAccessToken({ minValidity: 1 }),
      () => connection.getAccessToken({ rejected: "a" }),
      () => connection.signout(),
    ]) {
      check(await outcome(call()));
    }
    assert.equal(connection.getSnapshot().state, "ended");
  }
  client[Symbol.dispose]();
  return connections.length;
}

/** Another client of the same module does what it always does. */
async function isWell() {
  const another = new FakeServer();
  const persistence = new WatchedStore();
  const client = await start({ fetch: another.fetch, persistence });
  const connection = await time.settling(client.login("carol", "pw"));
  const token = await time.settling(connection.getAccessToken({ rejected: await connection.getAccessToken() }));
  assert.equal(token, "at-canary-carol-2");
  assert.equal(another.requests.length, 2);
  assert.equal(client.getSnapshot().storage, "ok");
  await time.settling(connection.signout());
  assert.equal(persistence.record.ended, "signed_out");
}

const watching = unawaited.filter((misbehave) => misbehave !== trapped);

for (const place of ["read", "compareAndSet", "watch", "lock"]) {
  test(`a store whose ${place} does what it likes harms no other client`, async () => {
    for (const misbehave of place === "watch" ? watching : Object.values(nasty)) {
      const persistence = Object.assign(new WatchedStore(), { [place]: misbehave });
      assert.ok((await useAll(await start({ persistence }))) >= 2);
      await isWell();
    }
  });
}

test("a store that does what it likes in every way harms no other client", async () => {
  for (const misbehave of Object.values(nasty)) {
    const persistence = { read: misbehave, compareAndSet: misbehave, lock: misbehave };
    assert.ok((await useAll(await start({ persistence }))) >= 2);
    await isWell();
  }
});

test("a store that tells of changes at once, always, and after it was left", async () => {
  const heard = [];
  const persistence = Object.assign(new MemoryStore(), {
    watch(_key, changed) {
      heard.push(changed);
      for (let turn = 0; turn < 100; turn += 1) changed({ garbage: turn });
      return revoked();
    },
  });
  const { compareAndSet } = persistence;
  persistence.compareAndSet = (...args) => {
    for (const changed of heard) changed();
    return compareAndSet.apply(persistence, args);
  };
  assert.ok((await useAll(await start({ persistence }))) >= 2);
  for (const changed of heard) changed();
  await settled();
  assert.ok(heard.length > 0);
  await isWell();
});

for (const place of ["read", "compareAndSet", "watch", "fetch"]) {
  test(`a ${place} that uses the client at once harms no other client`, async () => {
    for (const use of [
      (client) => client.login("bob", "pw"),
      (client) => client.loginWithPersistance("rt-of-nobody"),
      (client) => client.restore().then((connection) => connection?.signout()),
      async (client) => client[Symbol.dispose](),
    ]) {
      let client;
      let left = 20;
      const used = [];
      const world = Object.assign(new WatchedStore(), { fetch: server.fetch });
      const method = world[place];
      world[place] = function (...args) {
        left -= 1;
        if (left >= 0 && client) used.push(use(client).catch((error) => assert.ok(error instanceof MeshyError)));
        return method.apply(this, args);
      };
      client = await start({ persistence: world, fetch: (...args) => world.fetch(...args) });
      await time.settling(client.login("alice", "pw").catch((error) => assert.ok(error instanceof MeshyError)));
      for (const call of used) await time.settling(call);
      assert.ok(used.length > 0);
      await isWell();
    }
  });
}

test("a fetch that does what it likes harms no other client", async () => {
  for (const misbehave of Object.values(nasty)) {
    await useAll(await start({ fetch: misbehave }));
    await isWell();
  }
});

test("a response whose members do what they like harms no other client", async () => {
  const members = ["status", "headers", "body"];
  for (const misbehave of unawaited) {
    for (const name of members) {
      const answer = () => Object.defineProperty(json(200, {}), name, { get: misbehave });
      await useAll(await start({ fetch: async () => answer() }));
    }
    for (const part of [
      { headers: { get: misbehave } },
      { body: { getReader: misbehave } },
      { body: { getReader: () => ({ read: misbehave, cancel: misbehave }) } },
      { body: { getReader: () => ({ read: async () => ({ done: false, value: misbehave() }), cancel: misbehave }) } },
    ]) {
      const answer = {
        status: 200,
        headers: new Headers({ "content-type": "application/json" }),
        body: null,
        ...part,
      };
      await useAll(await start({ fetch: async () => answer }));
    }
    await isWell();
  }
  for (const status of [
    -1,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    200.5,
    "200",
    200n,
    65_736,
    4_294_967_496,
    {},
    null,
  ]) {
    await useAll(await start({ fetch: async () => ({ status, headers: new Headers(), body: null }) }));
    await isWell();
  }
});

test("arguments that do what they like harm no other client", async () => {
  const client = await start();
  const connection = await client.login("alice", "pw");
  const values = [undefined, null, Number.NaN, 5n, Symbol(secret), true, [], Object.create(null), revoked(), trapped()];
  for (const value of [...values, { toString: thrower, valueOf: thrower }, thenable(thrower)]) {
    for (const call of [
      () => client.login(value, "pw"),
      () => client.login("alice", value),
      () => client.loginWithPersistance(value),
      () => client.adopt(value),
      () => client.adopt({ access_token: value, token_type: "bearer" }),
      () => connection.getAccessToken({ minValidity: value ?? -1 }),
      () => connection.getAccessToken({ rejected: value ?? null }),
    ]) {
      await rejects(time.settling(call()), { code: "invalid_argument" });
    }
    await isWell();
  }
  assert.match(await connection.getAccessToken(), /-alice-1/);
  assert.equal(server.requests.length, 1);
});

test("texts that are longer than the module has memory for are none", async () => {
  const client = await start();
  const connection = await client.login("alice", "pw");
  const long = "中".repeat(2 ** 29 - 30);
  const token = { access_token: "a", token_type: "Bearer" };
  for (const tokens of [
    { ...token, access_token: long },
    { ...token, token_type: long },
    { ...token, refresh_token: long },
  ]) {
    await rejects(client.adopt(tokens), { code: "invalid_argument", argument: "tokens" });
  }
  assert.match(await connection.getAccessToken({ rejected: long }), /-alice-1/);
  await isWell();
});
