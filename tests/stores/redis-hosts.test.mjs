import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { redisStore } from "../../pkg/redis.js";
import {
  assertNoSecret,
  entryUrl,
  expired,
  fakeServerUrl,
  initialize,
  rejects,
  secret,
  server,
  start,
} from "../shared/client.mjs";
import { startOAuth2Server } from "../shared/oauth2-server.mjs";
import { runModule } from "../shared/processes.mjs";
import { becomes, packages, RedisServer } from "../shared/redis-server.mjs";

const HOSTS = 6;

let redisServer;
before(async () => {
  redisServer = await RedisServer.start();
});
afterEach(async () => {
  await (await redisServer.client()).flushAll();
  redisServer.closeClients();
});
after(() => redisServer.remove());

/** So many stores, each with a connection of its own. */
function stores(count, redis) {
  return Promise.all(Array.from({ length: count }, async () => redisStore(await redisServer.client(redis))));
}

async function storedRecord() {
  const client = await redisServer.client();
  const [key] = await client.keys("*");
  return JSON.parse(await client.get(key));
}

for (const [what, redis] of Object.entries(packages)) {
  describe(`hosts that share a session through ${what}`, { timeout: 60_000 }, () => {
    test("make one request at one expiry, and have the same token", async () => {
      const persistences = await stores(HOSTS, redis);
      await expired({ persistence: persistences[0] });
      const connections = await Promise.all(persistences.map((persistence) => start({ persistence }).restore()));
      for (let generation = 2; generation < 12; generation += 1) {
        const rejected = `at-canary-alice-${generation - 1}`;
        const calls = connections.map((connection) => connection.getAccessToken({ rejected }));
        assert.deepEqual([...new Set(await Promise.all(calls))], [`at-canary-alice-${generation}`]);
        assert.equal(server.count("refresh_token"), generation - 1);
      }
      for (const connection of connections) connection[Symbol.dispose]();
    });

    test("see a sign-out in one, and a login, in the others", async () => {
      const persistences = await stores(HOSTS, redis);
      const clients = await Promise.all(persistences.map((persistence) => start({ persistence })));
      const states = () => clients.map((client) => client.getSnapshot().connection?.getSnapshot().state ?? "none");
      const all = (state) => becomes(() => states().every((other) => other === state));
      await Promise.all(clients.map((client) => client.restore()));
      const connection = await clients[0].login("alice", "pw");
      await all("active");
      await connection.signout();
      await all("none");
      assert.equal((await storedRecord()).ended, "signed_out");
      for (const client of clients) client[Symbol.dispose]();
    });

    test("show no token in a key, a channel or a message", async () => {
      const told = [];
      const client = await redisServer.client(redis);
      await (await redisServer.client()).pSubscribe("*", (message, channel) => told.push([channel, message]));
      const [one, other] = await stores(2, redis);
      const { connection } = await expired({ persistence: one });
      await start({ persistence: other }).restore();
      await connection.getAccessToken();
      const keys = await client.keys("*");
      assert.equal(keys.length, 1);
      assert.ok((await client.get(keys[0])).includes(secret));
      await connection.signout();
      await becomes(() => told.length >= 4);
      assertNoSecret([keys, told]);
      for (const [channel, message] of told) assert.deepEqual([channel, message], [keys[0], ""]);
      assert.match(keys[0], /^meshydb-client:/);
    });

    test("of a server of other people's making make one request at each expiry", async () => {
      const oauth = await startOAuth2Server({ clientId: "demo-key", users: { alice: "pw" } });
      const clients = (await stores(HOSTS, redis)).map((persistence) =>
        initialize("demo", "demo-key", { tokenEndpoint: `${oauth.url}/token`, persistence }),
      );
      let token = await (await clients[0].login("alice", "pw")).getAccessToken();
      const connections = await Promise.all(clients.map((client) => client.restore()));
      for (let round = 0; round < 5; round += 1) {
        const rejected = token;
        const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken({ rejected })));
        assert.equal(new Set(tokens).size, 1);
        [token] = tokens;
        assert.notEqual(token, rejected);
      }
      assert.deepEqual(oauth.grants.slice(1), Array(5).fill(["refresh_token", 200]));
      await oauth.close();
    });

    test("wait while Redis stands still for longer than a store may take, and lose nothing", async (t) => {
      t.after(() => redisServer.resume());
      const persistences = await stores(HOSTS, redis);
      await expired({ persistence: persistences[0] });
      const clients = await Promise.all(persistences.map((persistence) => start({ persistence })));
      const connections = await Promise.all(clients.map((client) => client.restore()));
      const failures = clients.map(() => []);
      clients.forEach((client, host) => {
        client.trace(({ failed }) => failed && failures[host].push(failed));
      });
      redisServer.pause();
      const calls = connections.map((connection) => connection.getAccessToken());
      await becomes(() => failures.every(({ length }) => length > 1));
      assert.equal(server.count("refresh_token"), 0);
      redisServer.resume();
      assert.deepEqual([...new Set(await Promise.all(calls))], ["at-canary-alice-2"]);
      assert.equal(server.count("refresh_token"), 1);
    });

    test("keep a token that comes while Redis stands still, and spend none twice", async (t) => {
      t.after(() => redisServer.resume());
      const persistences = await stores(HOSTS, redis);
      await expired({ persistence: persistences[0] });
      const clients = await Promise.all(persistences.map((persistence) => start({ persistence })));
      const [first, ...others] = await Promise.all(clients.map((client) => client.restore()));
      const release = server.hold("refresh_token");
      const call = first.getAccessToken();
      await becomes(() => server.count("refresh_token") === 1);
      redisServer.pause();
      release();
      const token = await call;
      assert.equal(clients[0].getSnapshot().storage, "degraded");
      const calls = others.map((connection) => connection.getAccessToken());
      redisServer.resume();
      assert.deepEqual([...new Set(await Promise.all(calls))], [token]);
      await becomes(() => clients[0].getSnapshot().storage === "ok");
      assert.equal(server.count("refresh_token"), 1);
      const record = await storedRecord();
      assert.equal(record.access_token, token);
      assert.equal("claim" in record, false);
    });

    test("end a session whose key holds something else not at all", async () => {
      const [one] = await stores(1, redis);
      const { client, connection } = await expired({ persistence: one, timeout: 1_500 });
      const admin = await redisServer.client();
      const [key] = await admin.keys("*");
      const text = await admin.get(key);
      await admin.del(key);
      await admin.rPush(key, "an application's own");
      await rejects(one.read(key), { code: "unsupported" });
      await rejects(connection.getAccessToken(), { code: "unsupported" });
      assert.equal(client.getSnapshot().storage, "degraded");
      assert.deepEqual(await admin.lRange(key, 0, -1), ["an application's own"]);
      await admin.del(key);
      await admin.set(key, text);
      assert.equal(await connection.getAccessToken(), "at-canary-alice-2");
    });
  });
}

describe("a process whose client of Redis was closed", { timeout: 120_000 }, () => {
  const source = (name, end) => `
    import { createClient } from ${JSON.stringify(import.meta.resolve(name))};
    import { initialize } from ${JSON.stringify(entryUrl)};
    import { redisStore } from ${JSON.stringify(new URL("redis.js", entryUrl).href)};
    import { FakeServer } from ${JSON.stringify(fakeServerUrl)};
    const client = createClient({ socket: { path: ${JSON.stringify(redisServer.path)} }, pingInterval: 600_000 });
    client.on("error", () => {});
    await client.connect();
    const { fetch } = new FakeServer();
    const meshy = await initialize("demo", "demo-key", { fetch, persistence: redisStore(client) });
    await meshy.login("alice", "pw");
    meshy.subscribe(() => {});
    while ((await client.sendCommand(["PUBSUB", "CHANNELS"])).length === 0);
    ${end}
    globalThis.meshy = meshy;
    console.log("done");
  `;

  for (const [name, what] of [
    ["redis-5", "redis 5"],
    ["redis", "redis 6"],
  ]) {
    test(`ends although it watches, with ${what}`, async () => {
      const result = await runModule(source(name, "client.destroy();"));
      assert.deepEqual(result, { code: 0, stdout: "done\n", stderr: "" });
    });

    test(`ends although it watches a server that has gone, with ${what}`, async () => {
      const end = `
        await client.sendCommand(["SHUTDOWN", "NOSAVE"]).catch(() => {});
        while (client.isReady) await new Promise((resolve) => setTimeout(resolve, 10));
        client.destroy();
      `;
      const result = await runModule(source(name, end));
      assert.deepEqual(result, { code: 0, stdout: "done\n", stderr: "" });
      await redisServer.stop();
      await redisServer.restart();
    });
  }
});
