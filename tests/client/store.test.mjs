import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertNoSecret,
  expired,
  initializeWithTenant,
  MeshyError,
  rejects,
  secret,
  server,
  start,
} from "../shared/client.mjs";
import { gate, json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

describe("a store", () => {
  test("has nothing to restore at first, and later the session, without any request", async () => {
    const persistence = new MemoryStore();
    const one = await start({ persistence });
    const other = await start({ persistence });
    assert.equal(await one.restore(), null);
    assert.equal(await other.restore(), null);
    assert.equal(persistence.values.size, 0);
    const connection = await one.login("alice", "pw");
    const restored = await other.restore();
    assert.equal(await restored.getAccessToken(), await connection.getAccessToken());
    assert.equal(restored.retrievePersistanceToken(), connection.retrievePersistanceToken());
    assert.equal(server.requests.length, 1);
    assert.deepEqual(restored.getSnapshot(), connection.getSnapshot());
    assert.equal(other.getSnapshot().storage, "ok");
  });

  test("that restores nothing has the client's other sessions look again", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    const elsewhere = await start({ persistence }).restore();
    await elsewhere.signout();
    assert.equal(client.getSnapshot().connection?.getSnapshot().state, "active");
    assert.equal(await client.restore(), null);
    await until(() => client.getSnapshot().connection === null);
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "signed_out" });
  });

  test("gives a session whose token has expired, which refreshes when it is asked", async () => {
    const persistence = new MemoryStore();
    await expired({ persistence });
    const restored = await start({ persistence }).restore();
    assert.equal(server.requests.length, 1);
    assert.equal(restored.getSnapshot().state, "active");
    assert.match(await restored.getAccessToken(), /-alice-2/);
    assert.equal(server.requests.length, 2);
  });

  test("that two restore from at once gives two handles on one session", async () => {
    const persistence = new MemoryStore();
    await start({ persistence }).login("alice", "pw");
    const client = await start({ persistence });
    const [one, other] = await Promise.all([client.restore(), client.restore()]);
    await one.signout();
    assert.equal(other.getSnapshot().state, "ended");
  });

  test("holds the new refresh token before any caller has the access token", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const token = await connection.getAccessToken();
    assert.equal(persistence.record.access_token, token);
    assert.equal(persistence.record.refresh_token, connection.retrievePersistanceToken());
    const { promise, open } = gate();
    const swap = persistence.compareAndSet.bind(persistence);
    persistence.compareAndSet = async (...args) => {
      if (server.count("refresh_token") === 2) await promise;
      return swap(...args);
    };
    let isSettled = false;
    const call = connection.getAccessToken({ rejected: token }).finally(() => {
      isSettled = true;
    });
    await until(() => server.count("refresh_token") === 2);
    await settled();
    assert.equal(isSettled, false);
    assert.equal(connection.retrievePersistanceToken(), persistence.record.refresh_token);
    open();
    assert.equal(await call, persistence.record.access_token);
  });

  test("is read again after a refusal: what was rotated meanwhile ends nothing", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const elsewhere = new MemoryStore(persistence.values);
    const restored = await start({ persistence: elsewhere }).restore();
    const { promise, open } = gate();
    server.answer = async () => {
      await promise;
      return json(400, { error: "invalid_grant" });
    };
    const refused = connection.getAccessToken();
    await until(() => server.count("refresh_token") === 1);
    server.answer = () => undefined;
    const token = await restored.getAccessToken();
    persistence.values = elsewhere.values;
    open();
    assert.equal(await refused, token);
    assert.equal(connection.getSnapshot().state, "active");
    assert.equal(connection.retrievePersistanceToken(), restored.retrievePersistanceToken());
  });

  test("gives another client what was rotated meanwhile, without a request", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const other = await start({ persistence });
    const restored = await other.restore();
    const token = await connection.getAccessToken();
    assert.equal(await restored.getAccessToken(), token);
    assert.equal(server.count("refresh_token"), 1);
  });

  test("is read again by restore: a session that was rotated meanwhile goes on", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const other = await start({ persistence });
    const elsewhere = await other.restore();
    const token = await elsewhere.getAccessToken();
    const restored = await client.restore();
    assert.equal(await restored.getAccessToken(), token);
    assert.equal(await connection.getAccessToken(), token);
  });

  test("whose record was removed ends the session at its next refresh", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    persistence.values.clear();
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "removed" });
    assert.equal(server.requests.length, 1);
    assert.equal(await client.restore(), null);
  });

  for (const [what, damage] of [
    ["is no JSON", () => "{"],
    ["is no object", () => "[]"],
    ["is of another program", () => '{"theme":"dark"}'],
    ["is of the version before", (record) => JSON.stringify({ ...record, v: 1 })],
    ["has a version of words", (record) => JSON.stringify({ ...record, v: "one" })],
    ["lacks its session id", (record) => JSON.stringify({ ...record, sid: undefined })],
    ["has a token with a line break", (record) => JSON.stringify({ ...record, access_token: "a\r\nb" })],
    ["has a refresh token that is a number", (record) => JSON.stringify({ ...record, refresh_token: 7 })],
    ["has an impossible time", (record) => JSON.stringify({ ...record, received_at: -1 })],
    ["expires before it was received", (record) => JSON.stringify({ ...record, expires_at: record.received_at - 1 })],
    ["has a fraction for a generation", (record) => JSON.stringify({ ...record, gen: 1.5 })],
    ["ended for a reason that nobody knows", (record) => JSON.stringify({ ...record, ended: "boredom" })],
    ["inherits everything", (record) => `{"__proto__":${JSON.stringify(record)}}`],
  ]) {
    test(`whose record ${what} has nothing to restore, and is overwritten by the next login`, async () => {
      const persistence = new MemoryStore();
      await start({ persistence }).login("alice", "pw");
      const [[key]] = persistence.values;
      const damaged = damage(persistence.record);
      persistence.values.set(key, damaged);
      const client = await start({ persistence });
      assert.equal(await client.restore(), null);
      const { ready, connection, error } = client.getSnapshot();
      assert.deepEqual({ ready, connection, code: error.code }, { ready: true, connection: null, code: "unsupported" });
      assert.ok(error instanceof MeshyError);
      assertNoSecret(error);
      assert.equal(persistence.values.get(key), damaged);
      await client.login("bob", "pw");
      assert.match(persistence.record.access_token, /-bob-/);
      assert.deepEqual(
        { ...client.getSnapshot(), connection: 0 },
        { ready: true, connection: 0, storage: "ok", error: null },
      );
    });
  }

  test("whose record is of a later version is left alone", async () => {
    const persistence = new MemoryStore();
    await start({ persistence }).login("alice", "pw");
    const [[key]] = persistence.values;
    const later = JSON.stringify({ ...persistence.record, v: 3 });
    persistence.values.set(key, later);
    const client = await start({ persistence });
    assert.equal(await client.restore(), null);
    assert.equal(client.getSnapshot().error.code, "unsupported");
    const connection = await client.login("bob", "pw");
    assert.equal(client.getSnapshot().storage, "degraded");
    // Its token is served to its end.
    const token = await connection.getAccessToken();
    await rejects(connection.getAccessToken({ rejected: token }), { code: "unsupported" });
    assert.equal(await connection.getAccessToken(), token);
    await until(() => connection.getSnapshot().state === "active");
    assert.equal(server.count("refresh_token"), 0);
    await connection.signout();
    assert.equal(persistence.values.get(key), later);
  });

  test("keeps members of the record that this version does not know", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const [[key]] = persistence.values;
    persistence.values.set(key, JSON.stringify({ ...persistence.record, note: { kept: true } }));
    await connection.getAccessToken();
    assert.deepEqual(persistence.record.note, { kept: true });
  });

  const failing = {
    "throws when it is read": { read: thrower },
    "throws when it is written": { compareAndSet: thrower },
    "throws at everything": { read: thrower, compareAndSet: thrower },
    "rejects when it is read": { read: async () => thrower() },
    "rejects when it is written": { compareAndSet: async () => thrower() },
    "rejects with nothing": { read: () => Promise.reject(), compareAndSet: () => Promise.reject() },
    "never agrees": { compareAndSet: () => false },
    "answers nothing": { compareAndSet: () => {} },
  };
  function thrower() {
    throw new Error(secret);
  }
  for (const [what, methods] of Object.entries(failing)) {
    test(`that ${what} leaves the session in memory, degraded, and nothing else is lost`, async () => {
      await inTime(async (time) => {
        const persistence = Object.assign(new MemoryStore(), methods);
        const client = await start({ persistence });
        if (methods.read) await rejects(client.restore(), { code: "unavailable", retryable: true });
        else assert.equal(await client.restore(), null);
        const connection = await client.login("alice", "pw");
        assert.equal(client.getSnapshot().storage, "degraded");
        const next = async () => {
          const rejected = await connection.getAccessToken();
          return time.settling(connection.getAccessToken({ rejected }));
        };
        for (let rotation = 0; rotation < 3; rotation += 1) await next();
        assert.ok(time.passed < 15_000, `${time.passed} ms`);
        assert.equal(server.count("refresh_token"), 3);
        assertNoSecret(client.getSnapshot());
        // It recovers, and the next rotation is kept.
        for (const name of Object.keys(methods)) delete persistence[name];
        const token = await next();
        assert.equal(persistence.record.access_token, token);
        await connection.signout();
        assert.equal(await start({ persistence }).restore(), null);
      });
    });
  }

  test("that says what is wrong with it, with an error of this package, is quoted", async () => {
    const wrong = new MeshyError({ code: "invalid_argument", argument: "path", retryable: false }, "is no folder");
    const persistence = new MemoryStore();
    persistence.read = persistence.compareAndSet = () => Promise.reject(wrong);
    const client = await start({ persistence });
    await assert.rejects(client.restore(), wrong);
    assert.equal(client.getSnapshot().error, wrong);
    await assert.rejects(client.login("alice", "pw"), wrong);
    await assert.rejects(client.restoreOrLogin("alice", "pw"), wrong);
    assert.equal(server.requests.length, 0);
    assert.deepEqual([client.getSnapshot().storage, client.getSnapshot().error], ["degraded", wrong]);
  });

  test("that failed at the login and works again is not degraded any more", async () => {
    const persistence = Object.assign(new MemoryStore(), { compareAndSet: thrower });
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    assert.equal(client.getSnapshot().storage, "degraded");
    delete persistence.compareAndSet;
    const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(persistence.record.access_token, token);
    assert.equal(client.getSnapshot().storage, "ok");
  });

  test("that fails after it has worked is degraded until it works again, and the new token is used", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    const swap = persistence.compareAndSet;
    persistence.compareAndSet = (...given) => {
      if (server.count("refresh_token") > 0) thrower();
      return swap.apply(persistence, given);
    };
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(client.getSnapshot().storage, "degraded");
    assert.match(persistence.record.access_token, /-alice-1/);
    delete persistence.compareAndSet;
    const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(persistence.record.access_token, token);
    assert.equal(client.getSnapshot().storage, "ok");
    assert.equal(connection.getSnapshot().state, "active");
  });

  test("that fails for a moment while it tells of a change is shown as it is after that, and after a sign-out", async () => {
    const persistence = new MemoryStore();
    let tell;
    persistence.watch = (_key, changed) => {
      tell = changed;
      return () => {};
    };
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    persistence.read = thrower;
    tell();
    await until(() => client.getSnapshot().storage === "degraded");
    delete persistence.read;
    tell();
    await until(() => client.getSnapshot().storage === "ok");
    assert.equal(client.getSnapshot().error, null);
    persistence.read = thrower;
    tell();
    await until(() => client.getSnapshot().storage === "degraded");
    delete persistence.read;
    await connection.signout();
    const { storage, error, connection: shown } = client.getSnapshot();
    assert.deepEqual({ storage, error, shown }, { storage: "ok", error: null, shown: null });
  });

  test("that gives no text has nothing to restore, and nothing is sent for what was stored in it", () =>
    inTime(async (time) => {
      for (const value of [5, true, {}, [], Symbol(secret), new Date(), () => {}]) {
        const persistence = Object.assign(new MemoryStore(), { read: () => value });
        const client = await start({ persistence });
        assert.equal(await client.restore(), null);
        const connection = await client.login("alice", "pw");
        const token = await connection.getAccessToken();
        const call = connection.getAccessToken({ rejected: token });
        await time.settling(rejects(call, { code: "unsupported" }));
        assert.equal(await connection.getAccessToken(), token);
        assert.equal(server.count("refresh_token"), 0);
        delete persistence.read;
        assert.notEqual(await time.settling(connection.getAccessToken({ rejected: token })), token);
        server.requests.length = 0;
      }
    }));

  test("whose watch throws does not keep anybody from logging in", async () => {
    const persistence = Object.assign(new MemoryStore(), { watch: thrower });
    const connection = await start({ persistence }).login("alice", "pw");
    assert.match(await connection.getAccessToken(), /^at-/);
  });

  test("whose watch gives nothing to stop with is a store", async () => {
    const persistence = Object.assign(new MemoryStore(), { watch: () => undefined });
    const client = await start({ persistence });
    await client.login("alice", "pw");
    client[Symbol.dispose]();
  });

  test("that two accounts, tenants, keys, slots and servers share keeps them apart", async () => {
    const persistence = new MemoryStore();
    const all = [
      ["demo", undefined, "key", {}],
      ["demo2", undefined, "key", {}],
      ["demo", "acme", "key", {}],
      ["demo", "acme", "key", { slot: "two" }],
      ["demo", "two", "key", { slot: "acme" }],
      ["demo", "acme:key", "x", {}],
      ["demo", "acme", "key:x", {}],
      ["demo", "acme", "key", { slot: "x:default" }],
      ["demo", "acme:key", "x", { slot: "default:default" }],
      ["demo", "acme", "key%3Ax", {}],
      ["demo", undefined, "key", { slot: "Default" }],
      ["demo", undefined, "key", { authUrl: "https://other.example" }],
      ["demo", undefined, "key", { tokenEndpoint: "https://other.example/t" }],
    ];
    const open = (index) => {
      const [account, tenant, key, options] = all[index];
      return initializeWithTenant(account, tenant, key, { ...options, persistence, fetch: server.fetch });
    };
    for (const index of all.keys()) assert.equal(await open(index).restore(), null);
    for (const index of all.keys()) await open(index).login(`user${index}`, "pw");
    assert.equal(persistence.values.size, all.length);
    for (const index of all.keys()) {
      assert.match(await (await open(index).restore()).getAccessToken(), new RegExp(`-user${index}-`));
    }
    for (const key of persistence.values.keys()) assert.equal(key.includes(secret), false);
  });

  test("persistence local is memory outside a page", async () => {
    const client = await start({ persistence: "local" });
    assert.equal(client.getSnapshot().storage, "none");
    assert.equal(client.getSnapshot().ready, true);
    await client.login("alice", "pw");
    assert.equal(await client.restore(), null);
  });
});
