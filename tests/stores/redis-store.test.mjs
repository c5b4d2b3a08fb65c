import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { redisStore } from "../../pkg/redis.js";
import { storeTests } from "../../pkg/store-tests.js";
import { command } from "../../scripts/setup.mjs";
import { assertNoSecret, MeshyError, rejects } from "../shared/client.mjs";
import { becomes, packages, RedisServer } from "../shared/redis-server.mjs";

const live = JSON.stringify({ v: 2, sid: "a", note: '"ended":' });
const over = JSON.stringify({ v: 2, sid: "a", ended: "signed_out" });
const limit = { timeout: 30_000 };
const month = 30 * 24 * 60 * 60;

let server;
before(async () => {
  server = await RedisServer.start();
});
afterEach(() => server.closeClients());
after(() => server.remove());

for (const [what, redis] of Object.entries(packages)) {
  describe(`a store with ${what}`, limit, () => {
    const clients = new Map();
    const open = async () => {
      const client = await server.client(redis);
      const store = redisStore(client);
      clients.set(store, client);
      return store;
    };
    const kill = (store) => clients.get(store).destroy();
    const fail = (store) => {
      kill(store);
      return () => clients.get(store).connect();
    };
    for (const { name, run } of storeTests(open, { fail, kill })) test(name, run);
  });

  describe(`a store with ${what} and replies mapped to other types`, () => {
    const { BLOB_STRING, NUMBER } = redis.RESP_TYPES;
    const commandOptions = { typeMapping: { [BLOB_STRING]: Buffer, [NUMBER]: String } };
    for (const RESP of [2, 3]) {
      test(`gives texts and answers all the same, in RESP ${RESP}`, async () => {
        const store = redisStore(await server.client(redis, { commandOptions, RESP }));
        const key = crypto.randomUUID();
        assert.equal(await store.compareAndSet(key, null, live), true);
        assert.equal(await store.compareAndSet(key, null, live), false);
        assert.equal(await store.read(key), live);
      });
    }
  });
}

const isMissing = !command("valkey-server") && "valkey-server is not installed";
describe("a store in Valkey", { ...limit, skip: isMissing }, () => {
  let valkey;
  before(async () => {
    valkey = await RedisServer.start("valkey-server");
  });
  afterEach(() => valkey.closeClients());
  after(() => valkey.remove());
  for (const { name, run } of storeTests(async () => redisStore(await valkey.client()))) test(name, run);
});

describe("what is in Redis", limit, () => {
  test("stays for ever while the session goes on, a month when it has ended", async () => {
    const client = await server.client();
    const store = redisStore(client);
    const key = crypto.randomUUID();
    await store.compareAndSet(key, null, live);
    assert.equal(await client.ttl(key), -1);
    await store.compareAndSet(key, live, over);
    const left = await client.ttl(key);
    assert.ok(left > month - 60 && left <= month, `${left} s`);
    await store.compareAndSet(key, over, live);
    assert.equal(await client.ttl(key), -1);
    for (const text of ['"ended"', "null", "[]", "{", '{"a":{"ended":1}}']) {
      await store.compareAndSet(key, await store.read(key), text);
      assert.equal(await client.ttl(key), -1, text);
    }
  });

  test("stays for a `ttl`, anew with each write, and a month when it has ended", async () => {
    const client = await server.client();
    const store = redisStore(client, { ttl: 7_200 });
    const key = crypto.randomUUID();
    const left = async () => client.ttl(key);
    await store.compareAndSet(key, null, live);
    assert.ok((await left()) > 7_140 && (await left()) <= 7_200, `${await left()} s`);
    await client.expire(key, 100);
    await store.read(key);
    assert.ok((await left()) <= 100, `${await left()} s`);
    assert.equal(await store.compareAndSet(key, "another", live), false);
    assert.ok((await left()) <= 100, `${await left()} s`);
    assert.equal(await store.compareAndSet(key, live, live), true);
    assert.ok((await left()) > 7_140, `${await left()} s`);
    await store.compareAndSet(key, live, over);
    assert.ok((await left()) > month - 60, `${await left()} s`);
    await store.compareAndSet(key, over, live);
    assert.ok((await left()) <= 7_200, `${await left()} s`);
    await redisStore(client).compareAndSet(key, live, live);
    assert.equal(await left(), -1);
    await redisStore(client, { ttl: 2 ** 31 - 1 }).compareAndSet(key, live, live);
    assert.ok((await left()) > 2 ** 31 - 60, `${await left()} s`);
  });

  test("is under the prefix and the key, and nothing else is there", async () => {
    const client = await server.client();
    await client.flushDb();
    await redisStore(client).compareAndSet("one", null, live);
    await redisStore(client, {}).compareAndSet("two", null, live);
    await redisStore(client, { prefix: undefined }).compareAndSet("three", null, live);
    await redisStore(client, { prefix: "app:" }).compareAndSet("one", null, over);
    assert.deepEqual((await client.keys("*")).sort(), ["app:one", "one", "three", "two"]);
    assert.equal(await redisStore(client, { prefix: "app:" }).read("one"), over);
  });

  test("is told of only where it changed, under the key's name, without a word of the value", async () => {
    const client = await server.client();
    const store = redisStore(client, { prefix: "app:" });
    const told = [];
    await (await server.client()).pSubscribe("*", (message, channel) => told.push([channel, message]));
    for (const [expected, next] of [
      ["x", "canary"],
      [null, "canary"],
      ["canary", "canary"],
      ["x", "other"],
      [null, null],
      ["canary", null],
      [null, null],
    ]) {
      await store.compareAndSet("key", expected, next);
    }
    await client.publish("end", "");
    await becomes(() => told.some(([channel]) => channel === "end"));
    assert.deepEqual(told, [
      ["app:key", ""],
      ["app:key", ""],
      ["end", ""],
    ]);
  });

  test("and is no string is neither read nor replaced, and the error says so", async () => {
    const client = await server.client();
    const store = redisStore(client);
    const key = crypto.randomUUID();
    await client.rPush(key, ["an application's own"]);
    const refusal = { code: "unsupported", retryable: false };
    await rejects(store.read(key), refusal);
    for (const [expected, next] of [
      [null, live],
      [live, over],
      [null, null],
      [live, null],
    ]) {
      await rejects(store.compareAndSet(key, expected, next), refusal);
    }
    assert.deepEqual(await client.lRange(key, 0, -1), ["an application's own"]);
  });

  test("cannot be had without permission: the error names the server's code, and none of the arguments", async () => {
    const admin = await server.client();
    await admin.aclSetUser("guest", ["on", "nopass", "+@all", "-eval", "-get", "~*", "&*"]);
    const store = redisStore(await server.client(packages["redis 6"], { username: "guest", password: "any" }));
    const refusal = { code: "unavailable", retryable: true };
    assert.match((await rejects(store.read("key"), refusal)).message, /NOPERM/);
    assert.match((await rejects(store.compareAndSet("key", "canary", "canary 2"), refusal)).message, /NOPERM/);
    const quoting = Object.create(admin, {
      sendCommand: { value: (args) => Promise.reject(new Error(`ERR unknown command, with args: ${args}`)) },
    });
    await rejects(redisStore(quoting).compareAndSet("key", "canary", "canary 2"), refusal);
  });

  test("can be had with these permissions alone", async () => {
    const admin = await server.client();
    const commands = ["+get", "+eval", "+set", "+del", "+publish", "+subscribe", "+unsubscribe"];
    await admin.aclSetUser("host", ["on", "nopass", ...commands, "~app:meshydb-client:*", "&app:meshydb-client:*"]);
    const client = await server.client(packages["redis 6"], { username: "host", password: "any" });
    const store = redisStore(client, { prefix: "app:" });
    let times = 0;
    const stop = store.watch("meshydb-client:key", () => {
      times += 1;
    });
    await becomes(() => times === 1);
    assert.equal(await store.compareAndSet("meshydb-client:key", null, over), true);
    await becomes(() => times === 2);
    assert.equal(await store.compareAndSet("meshydb-client:key", over, null), true);
    assert.equal(await store.read("meshydb-client:key"), null);
    stop();
    for (const args of [["SLOWLOG", "GET"], ["MONITOR"]]) await assert.rejects(client.sendCommand(args), /NOPERM/);
  });

  test("is shown by SLOWLOG in its first 128 characters, where a call was slow", async () => {
    const client = await server.client();
    await client.configSet("slowlog-log-slower-than", "0");
    await redisStore(client).compareAndSet("slow", null, `${"x".repeat(127)}canary`);
    await client.configSet("slowlog-log-slower-than", "-1");
    const args = (await client.sendCommand(["SLOWLOG", "GET"])).map((entry) => entry[3]);
    await client.sendCommand(["SLOWLOG", "RESET"]);
    const { 5: shown } = args.find(([name]) => name === "EVAL");
    assert.equal(shown, `=${"x".repeat(127)}... (6 more bytes)`);
    assert.doesNotMatch(args.flat().join(), /canary/);
  });
});

describe("redisStore", () => {
  const nobody = { isReady: true, sendCommand() {}, duplicate() {} };
  const { createCluster, createSentinel, createClientPool } = packages["redis 6"];
  const cases = {
    "no client": [[undefined], [null], [{}], ["redis://localhost"], [nobody], [{ send() {}, subscribe: "channel" }]],
    "no client but a cluster": [[createCluster({ rootNodes: [{}] })]],
    "no client but a sentinel": [[createSentinel({ name: "a", sentinelRootNodes: [{ host: "a", port: 1 }] })]],
    "no client but a pool": [[createClientPool()]],
  };
  for (const [what, all] of Object.entries(cases)) {
    test(`refuses ${what}`, () => {
      for (const args of all) throws(() => redisStore(...args), "client");
    });
  }

  test("refuses options that are none, and a prefix that is no string", async () => {
    const client = await server.client();
    for (const options of [null, "app:", 5]) throws(() => redisStore(client, options), "options");
    for (const prefix of [null, 5, {}, Buffer.from("a")]) throws(() => redisStore(client, { prefix }), "prefix");
  });

  test("refuses a ttl that is no number of seconds", async () => {
    const client = await server.client();
    for (const ttl of [null, 0, -1, 0.5, 1.5, Number.NaN, Infinity, 2 ** 31, "60", 60n]) {
      throws(() => redisStore(client, { ttl }), "ttl");
    }
    for (const ttl of [undefined, 1, 2 ** 31 - 1]) redisStore(client, { ttl });
  });

  function throws(call, argument) {
    assert.throws(call, (error) => {
      assert.ok(error instanceof MeshyError);
      assertNoSecret(error);
      assert.deepEqual([error.code, error.argument, error.retryable], ["invalid_argument", argument, false]);
      return true;
    });
  }

  test("has no lock: a lease would guard nothing", async () => {
    assert.equal(redisStore(await server.client()).lock, undefined);
  });
});
