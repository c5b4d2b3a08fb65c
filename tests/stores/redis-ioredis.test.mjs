import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Redis } from "ioredis";
import { redisStore } from "../../pkg/redis.js";
import { storeTests } from "../../pkg/store-tests.js";
import { server as authorizationServer, expired, MeshyError, rejects, start } from "../shared/client.mjs";
import { becomes, RedisServer } from "../shared/redis-server.mjs";

const document = await readFile(new URL("../../docs/stores.md", import.meta.url), "utf8");
const code = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);
const source = code.find((text) => text.includes("export function ioredisLine"));
const { ioredisLine } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const settings = Function(`return ${code.join("").match(/^const options = (\{ enableOfflineQueue.*\});$/m)[1]}`)();
const down = { code: "unavailable", retryable: true };

let server;
const clients = [];
beforeEach(async () => {
  server = await RedisServer.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await server.remove();
});

async function open() {
  const client = new Redis({ path: server.path, ...settings }).on("error", () => {});
  clients.push(client);
  await becomes(() => client.status === "ready");
  return redisStore(ioredisLine(client));
}

describe("a store with ioredis, as docs/stores.md has it", { timeout: 60_000 }, () => {
  for (const { name, run } of storeTests(open)) test(name, run);

  test("fails without a server, and goes on with one that is restarted: a watcher hears that", async () => {
    const [one, other] = [await open(), await open()];
    let times = 0;
    one.watch("key", () => {
      times += 1;
    });
    await becomes(() => times > 0);
    assert.equal(await other.compareAndSet("key", null, "a"), true);
    await server.stop();
    await becomes(() => clients.every(({ status }) => status !== "ready"));
    await rejects(one.read("key"), down);
    await rejects(one.compareAndSet("key", "a", "queued"), down);
    const before = times;
    await server.restart();
    await becomes(() => times > before);
    await becomes(() => clients.every(({ status }) => status === "ready"));
    assert.equal(await one.read("key"), "a");
  });

  test("tells every watcher of a key, until it stops", async () => {
    const store = await open();
    const times = [0, 0];
    const stops = times.map((_, index) =>
      store.watch("key", () => {
        times[index] += 1;
      }),
    );
    await becomes(() => times.every((count) => count > 0));
    stops[0]();
    const before = [...times];
    await store.compareAndSet("key", null, "a");
    await becomes(() => times[1] > before[1]);
    assert.equal(times[0], before[0]);
  });

  test("leaves no connection when the client is closed", async () => {
    const store = await open();
    store.watch("key", () => {});
    const admin = await server.client();
    const count = async () => (await admin.sendCommand(["CLIENT", "LIST"])).trim().split("\n").length;
    await becomes(async () => (await count()) === 3);
    await clients[0].quit();
    await becomes(async () => (await count()) === 1);
  });

  test("is one that hosts share a session through: one request at one expiry", async () => {
    const persistences = await Promise.all([1, 2, 3].map(open));
    await expired({ persistence: persistences[0] });
    const hosts = persistences.map((persistence) => start({ persistence }));
    const connections = await Promise.all(hosts.map((host) => host.restore()));
    const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
    assert.deepEqual([...new Set(tokens)], ["at-canary-alice-2"]);
    assert.equal(authorizationServer.count("refresh_token"), 1);
    for (const host of await Promise.all(hosts)) host[Symbol.dispose]();
  });
});

describe("redisStore without that", () => {
  test("refuses a client of ioredis", () => {
    const client = new Redis({ path: server.path, lazyConnect: true });
    assert.throws(() => redisStore(client), MeshyError);
  });
});
