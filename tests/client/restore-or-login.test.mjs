import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rejects, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { until } from "../shared/waiting.mjs";

describe("restoreOrLogin", () => {
  test("of ten clients of one store at once makes one login, and all have its session", async () => {
    const persistence = new WatchedStore();
    const clients = await Promise.all(Array.from({ length: 10 }, () => start({ persistence })));
    const before = server.count("password");
    const connections = await Promise.all(clients.map((client) => client.restoreOrLogin("alice", "pw")));
    assert.equal(server.count("password"), before + 1);
    const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
    assert.equal(new Set(tokens).size, 1);
  });

  test("takes the session that is stored, and asks the server nothing", async () => {
    const persistence = new MemoryStore();
    const connection = await start({ persistence }).login("alice", "pw");
    const before = server.requests.length;
    const restored = await start({ persistence }).restoreOrLogin("bob", "pw");
    assert.equal(await restored.getAccessToken(), await connection.getAccessToken());
    assert.equal(server.requests.length, before);
  });

  test("without a store has the session that lives in the client", async () => {
    const client = await start();
    const connection = await client.restoreOrLogin("alice", "pw");
    const before = server.requests.length;
    const again = await client.restoreOrLogin("alice", "pw");
    assert.equal(await again.getAccessToken(), await connection.getAccessToken());
    assert.equal(server.requests.length, before);
  });

  test("that is refused tells its own caller, and the next one asks again", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence, fetch: async () => json(400, { error: "invalid_grant" }) });
    await rejects(client.restoreOrLogin("alice", "wrong"), { code: "invalid_grant", status: 400 });
    await start({ persistence }).restoreOrLogin("alice", "pw");
    assert.match(persistence.record.access_token, /-alice-/);
  });

  test("that is aborted while it is under way leaves no session behind", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const open = server.hold("password");
    const before = server.count("password");
    const controller = new AbortController();
    const call = client.restoreOrLogin("alice", "pw", { signal: controller.signal });
    await until(() => server.count("password") === before + 1);
    controller.abort();
    await rejects(call, { code: "aborted" });
    const revocations = server.count("revocation");
    open();
    await until(() => server.count("revocation") === revocations + 1);
    assert.equal(await start({ persistence }).restore(), null);
  });

  test("that is aborted sends its password no second time, though the answer was lost", async () => {
    await inTime(async (time) => {
      server.losing = 9;
      const controller = new AbortController();
      const client = await start({ persistence: new MemoryStore() });
      const call = client.restoreOrLogin("alice", "pw", { signal: controller.signal });
      await until(() => server.count("password") === 1);
      controller.abort();
      await rejects(call, { code: "aborted" });
      await time.pass(60_000);
      assert.equal(server.count("password"), 1);
    });
  });

  test("leaves no claim behind that others would wait for", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const open = server.hold("password");
    const call = client.restoreOrLogin("alice", "pw");
    await until(() => server.count("password") === 1);
    const login = start({ persistence }).login("bob", "pw");
    await until(() => server.count("password") === 2);
    open();
    await Promise.all([call, login]);
    assert.equal(persistence.record.claim, undefined);
  });

  test("logs in where a session has expired that nothing renews", async () => {
    await inTime(async (time) => {
      server.bare = true;
      const persistence = new MemoryStore();
      for (const token of ["at-canary-alice-1", "at-canary-alice-2", "at-canary-alice-3"]) {
        const connection = await time.settling(start({ persistence }).restoreOrLogin("alice", "pw"));
        assert.equal(await connection.getAccessToken(), token);
        await time.pass(3_600_001);
      }
    });
  });

  test("logs in after a sign-out of its client that the store has not taken yet", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    const swap = persistence.compareAndSet;
    let open;
    persistence.compareAndSet = () => new Promise((resolve) => (open = () => resolve(false)));
    const done = connection.signout();
    await until(() => open);
    persistence.compareAndSet = swap;
    const again = await client.restoreOrLogin("bob", "pw");
    assert.match(await again.getAccessToken(), /-bob-/);
    open();
    await done;
    assert.match(persistence.record.access_token, /-bob-/);
  });

  for (const [what, stored] of [
    ["no record", "not json"],
    ["a record of an earlier version", '{"v":1,"sid":"s","gen":4}'],
  ]) {
    test(`over ${what} makes one login for all, too`, async () => {
      const persistence = new MemoryStore();
      await start({ persistence }).login("alice", "pw");
      const { key } = persistence;
      for (const open of [
        (client) => client.restoreOrLogin("alice", "pw"),
        (client) => client.loginWithPersistance(persistence.token),
      ]) {
        persistence.token = (await start().login("alice", "pw")).retrievePersistanceToken();
        persistence.values.set(key, stored);
        const before = server.requests.length;
        await inTime(async (time) => {
          await time.settling(Promise.all([1, 2, 3].map(() => open(start({ persistence })))));
        });
        assert.equal(server.requests.length, before + 1);
      }
    });
  }

  test("waits for a store that does not answer for the moment", async () => {
    await inTime(async (time) => {
      const persistence = new MemoryStore();
      const { read } = persistence;
      persistence.read = () => Promise.reject(new Error("down"));
      const call = start({ persistence }).restoreOrLogin("alice", "pw");
      await time.pass(1_500);
      persistence.read = read;
      assert.match(await (await time.settling(call)).getAccessToken(), /-alice-1/);
    });
  });

  test("is sent in the end where the store takes no writes, and so is a token", async () => {
    await inTime(async (time) => {
      const token = (await start().login("alice", "pw")).retrievePersistanceToken();
      const persistence = { read: () => null, compareAndSet: () => Promise.reject(new Error("disk full")) };
      for (const open of [
        (client) => client.restoreOrLogin("bob", "pw"),
        (client) => client.loginWithPersistance(token),
      ]) {
        const client = await start({ persistence });
        const connection = await time.settling(open(client));
        assert.match(await time.settling(connection.getAccessToken()), /^at-canary/);
        assert.equal(client.getSnapshot().storage, "degraded");
      }
    });
  });
});
