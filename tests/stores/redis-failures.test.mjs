import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { redisStore } from "../../pkg/redis.js";
import { rejects } from "../shared/client.mjs";
import { becomes, packages, RedisServer, startProxy } from "../shared/redis-server.mjs";

const key = "meshydb-client:key";
const down = { code: "unavailable", retryable: true };

let server;
let admin;
let proxy;
beforeEach(async () => {
  server = await RedisServer.start();
  admin = await server.client();
  proxy = await startProxy(server.path);
});
afterEach(async () => {
  server.closeClients();
  await proxy.close();
  await server.remove();
});

/** A watcher of the key, which has heard once: that it listens. */
async function listening(store) {
  const heard = { times: 0 };
  heard.stop = store.watch(key, () => {
    heard.times += 1;
  });
  await becomes(() => heard.times === 1);
  return heard;
}

/** Makes a change that the watcher hears of. */
async function isHeard(heard, store, expected, next) {
  const { times } = heard;
  assert.equal(await store.compareAndSet(key, expected, next), true);
  await becomes(() => heard.times > times);
}

function isBack(store) {
  return becomes(() =>
    store.read(key).then(
      () => true,
      () => false,
    ),
  );
}

/** How many connections a host has, and to how many channels it listens. */
async function used() {
  const list = await admin.sendCommand(["CLIENT", "LIST"]);
  return {
    connections: list.split("\n").filter((line) => line.includes(" name=host ")).length,
    channels: await admin.sendCommand(["PUBSUB", "CHANNELS"]),
  };
}

function uses(connections, ...channels) {
  return becomes(async () => {
    const now = await used();
    return now.connections === connections && now.channels.sort().join() === channels.join();
  });
}

for (const [what, redis] of Object.entries(packages)) {
  describe(`with ${what}`, { timeout: 60_000 }, () => {
    const host = async (options) => redisStore(await server.client(redis, { name: "host", ...options }));

    test("a server that is restarted has what was stored, and a watcher goes on hearing", async () => {
      const client = await server.client(redis);
      const [one, other] = [redisStore(client), await host()];
      const heard = await listening(one);
      await isHeard(heard, other, null, "a");
      await server.stop();
      await becomes(() => !client.isReady);
      await rejects(one.read(key), down);
      await rejects(one.compareAndSet(key, "a", "queued"), down);
      const { times } = heard;
      await server.restart();
      await becomes(() => heard.times > times);
      await Promise.all([isBack(one), isBack(other)]);
      assert.equal(await one.read(key), "a");
      await isHeard(heard, other, "a", "b");
    });

    test("a server that is down from the start fails each call at once; a watcher hears when it is there", async () => {
      await server.stop();
      const store = await host();
      let times = 0;
      store.watch(key, () => {
        times += 1;
      });
      await rejects(store.read(key), down);
      await rejects(store.compareAndSet(key, null, "queued"), down);
      await server.restart();
      await becomes(() => times === 1);
      await isBack(store);
      assert.equal(await store.read(key), null);
    });

    test("a client that was closed is not asked to keep anything for later, nor connected again", async () => {
      let asked = 0;
      const sendCommand = async () => {
        asked += 1;
      };
      const client = await server.client(redis);
      const store = redisStore(Object.create(client, { sendCommand: { value: sendCommand } }));
      await store.read(key);
      client.destroy();
      await rejects(store.read(key), down);
      await rejects(store.compareAndSet(key, null, "a"), down);
      store.watch(key, () => assert.fail("heard"))();
      assert.equal(asked, 1);
      assert.equal(client.isOpen, false);
    });

    test("a client that nobody has connected is connected at the first use, once", async () => {
      const client = server.newClient(redis, { name: "host" });
      const [store, another] = [redisStore(client), redisStore(client, { prefix: "app:" })];
      await uses(0);
      const answers = await Promise.all([store.read(key), store.compareAndSet(key, null, "a"), another.read(key)]);
      assert.deepEqual(answers, [null, true, null]);
      await uses(1);
    });

    test("a client that nobody has connected is connected by a watcher, too", async () => {
      const store = redisStore(server.newClient(redis));
      const heard = await listening(store);
      await isHeard(heard, store, null, "a");
    });

    test("a client that could not be connected is connected at the next use", async () => {
      const store = redisStore(server.newClient(redis, { socket: { path: server.path, reconnectStrategy: false } }));
      await server.stop();
      await rejects(store.read(key), down);
      await rejects(store.compareAndSet(key, null, "a"), down);
      await server.restart();
      assert.equal(await store.read(key), null);
    });

    test("a client that is being connected for longer than a second fails each call then", async () => {
      const store = redisStore(server.newClient(redis));
      await server.stop();
      await Promise.all([rejects(store.read(key), down), rejects(store.compareAndSet(key, null, "late"), down)]);
      await server.restart();
      await isBack(store);
      assert.equal(await store.read(key), null);
    });

    test("a swap that arrives when it was given up long ago still compares", async () => {
      const [near, far] = [await host(), await host({ socket: proxy.socket })];
      await near.compareAndSet(key, null, "a");
      const arrive = proxy.delay();
      const late = far.compareAndSet(key, "a", "late");
      assert.equal(await near.compareAndSet(key, "a", "b"), true);
      arrive();
      assert.equal(await late, false);
      assert.equal(await near.read(key), "b");
    });

    test("a swap that the client would keep for later is withdrawn", async () => {
      const client = await server.client(redis);
      const unaware = redisStore(Object.create(client, { isReady: { value: true } }));
      await server.stop();
      await becomes(() => !client.isReady);
      await rejects(unaware.compareAndSet(key, null, "queued"), down);
      await server.restart();
      await isBack(redisStore(client));
      assert.equal(await redisStore(client).read(key), null);
    });

    test("a swap that a partition has swallowed is not sent again; a watcher hears when that has passed", async () => {
      const [near, far] = [await host(), await host({ socket: proxy.socket })];
      const heard = await listening(far);
      proxy.cut();
      const swallowed = rejects(far.compareAndSet(key, null, "swallowed"), down);
      await near.compareAndSet("another", null, "x");
      const { times } = heard;
      proxy.heal();
      await swallowed;
      await becomes(() => heard.times > times);
      await isBack(far);
      assert.equal(await far.read(key), null);
      await isHeard(heard, near, null, "a");
    });

    test("a server that stands still and goes on answers what it was asked", async () => {
      const store = await host();
      server.pause();
      const answer = store.compareAndSet(key, null, "a");
      server.resume();
      assert.equal(await answer, true);
    });

    test("watchers share one connection, opened for the first and closed with the client", async () => {
      const client = await server.client(redis, { name: "host" });
      const stores = [redisStore(client), redisStore(client)];
      await uses(1);
      const times = { a: 0, b: 0 };
      const watch = (name, store = stores[0]) =>
        store.watch(name, () => {
          times[name] += 1;
        });
      const stops = [watch("a"), watch("a", stores[1]), watch("b")];
      await becomes(() => times.a === 2 && times.b === 1);
      await uses(2, "a", "b");
      await stores[0].compareAndSet("a", null, "x");
      await becomes(() => times.a === 4);
      stops[0]();
      stops[0]();
      await stores[0].compareAndSet("a", "x", "y");
      await becomes(() => times.a === 5);
      stops[1]();
      await uses(2, "b");
      stops[2]();
      await uses(2);
      watch("a");
      await becomes(() => times.a === 6);
      await uses(2, "a");
      assert.equal(times.b, 1);
      await client.close();
      await uses(0);
    });

    test("watchers that stop before their connection is there hear nothing", async () => {
      const client = await server.client(redis, { name: "host" });
      const store = redisStore(client);
      for (let round = 0; round < 10; round += 1) store.watch("no", () => assert.fail("heard"))();
      const heard = await listening(store);
      await uses(2, key);
      await server.stop();
      await becomes(() => !client.isReady);
      heard.stop();
      store.watch("no", () => assert.fail("heard"))();
      await server.restart();
      await isBack(store);
      admin = await server.client();
      await uses(2);
    });

    test("a client that is closed while its watchers' connection is opened leaves none behind", async () => {
      for (const end of ["close", "destroy"]) {
        const client = await server.client(redis, { name: "host" });
        redisStore(client).watch(key, () => {});
        await client[end]();
      }
      await uses(0);
    });

    test("a watcher whose connection was given up for good gets another one", async () => {
      let patience = 0;
      const reconnectStrategy = () => (patience > 0 ? 10 : false);
      const client = await server.client(redis, { name: "host", socket: { path: server.path, reconnectStrategy } });
      const store = redisStore(client);
      const heard = await listening(store);
      await server.stop();
      await becomes(() => !client.isOpen);
      await server.restart();
      patience = 1;
      await client.connect();
      await store.read(key);
      await becomes(() => heard.times === 2);
      await isHeard(heard, store, null, "a");
    });
  });
}
