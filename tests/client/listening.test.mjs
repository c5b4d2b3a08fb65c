import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertNoSecret,
  entryUrl,
  expired,
  fakeServerUrl,
  MeshyError,
  rejects,
  server,
  start,
} from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { runModule } from "../shared/processes.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

describe("snapshots", () => {
  test("of a client are frozen, the same object until something changes, and hold no secret", async () => {
    const client = await start();
    const empty = client.getSnapshot();
    assert.deepEqual(empty, { ready: true, connection: null, storage: "none", error: null });
    assert.equal(client.getSnapshot(), empty);
    const connection = await client.login("alice", "pw");
    const full = client.getSnapshot();
    assert.notEqual(full, empty);
    assert.equal(client.getSnapshot(), full);
    assert.ok(Object.isFrozen(empty) && Object.isFrozen(full));
    assert.equal(await full.connection.getAccessToken(), await connection.getAccessToken());
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(client.getSnapshot().connection, full.connection);
    for (const value of [client, connection, empty, full, connection.getSnapshot()]) assertNoSecret(value);
  });

  test("of a session are frozen, the same object until something changes, and hold no secret", async () => {
    const { connection } = await expired();
    const snapshot = connection.getSnapshot();
    assert.deepEqual(Object.keys(snapshot), ["sessionId", "state", "expiresAt", "scope", "generation", "error"]);
    assert.deepEqual(
      { ...snapshot, sessionId: "", expiresAt: 0 },
      { sessionId: "", state: "active", expiresAt: 0, scope: "granted", generation: 1, error: null },
    );
    assert.match(snapshot.sessionId, /^[\d-]{7,}$/);
    assert.ok(Number.isInteger(snapshot.expiresAt));
    assert.ok(Object.isFrozen(snapshot));
    assert.equal(connection.getSnapshot(), snapshot);
    await connection.getAccessToken();
    assert.equal(connection.getSnapshot().generation, 2);
    assert.equal(snapshot.generation, 1);
    assert.equal(connection.getSnapshot().sessionId, snapshot.sessionId);
    assertNoSecret(connection.getSnapshot());
  });

  test("say why the last refresh failed, until one succeeds", async () => {
    const { connection } = await expired();
    server.answer = () => json(503, { error_description: "later" }, { "retry-after": "11" });
    await rejects(connection.getAccessToken(), { code: "unavailable", status: 503 });
    assert.equal(connection.getSnapshot().error.code, "unavailable");
    assert.ok(connection.getSnapshot().error instanceof MeshyError);
    server.answer = () => undefined;
    await inTime(async (time) => {
      await time.pass(11_000);
      await connection.getAccessToken();
    });
    assert.equal(connection.getSnapshot().error, null);
  });

  test("are not ready until the store was read once, which the first listener sees to", async () => {
    const persistence = new MemoryStore();
    await start({ persistence }).login("alice", "pw");
    const client = await start({ persistence });
    const reads = persistence.reads;
    assert.deepEqual(client.getSnapshot(), { ready: false, connection: null, storage: "ok", error: null });
    await settled();
    assert.equal(persistence.reads, reads);
    client.subscribe(() => {});
    await until(() => client.getSnapshot().ready);
    assert.match(await client.getSnapshot().connection.getAccessToken(), /-alice-1/);
    assert.equal(server.requests.length, 1);
  });
});

describe("listeners", () => {
  test("are called after a change, not within it, and not any more once they were removed", async () => {
    const { client, connection } = await expired();
    const heard = [];
    const stops = [
      client.subscribe(() => heard.push("client")),
      connection.subscribe(() => heard.push(connection.getSnapshot().state)),
    ];
    await settled();
    heard.length = 0;
    await connection.getAccessToken();
    await until(() => heard.includes("active"));
    await client.login("bob", "pw");
    await until(() => heard.includes("client"));
    for (const stop of stops) stop();
    for (const stop of stops) stop();
    heard.length = 0;
    await connection.signout();
    await settled();
    assert.deepEqual(heard, []);
  });

  test("are not called where nothing has changed, and snapshots stay the same objects", async () => {
    const persistence = new WatchedStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    await settled();
    const before = [client.getSnapshot(), connection.getSnapshot()];
    let heard = 0;
    const listener = () => {
      heard += 1;
    };
    client.subscribe(listener);
    connection.subscribe(listener);
    for (let hint = 0; hint < 5; hint += 1) {
      for (const { changed } of persistence.watchers) changed();
      await settled();
    }
    assert.equal(heard, 0);
    assert.deepEqual([client.getSnapshot() === before[0], connection.getSnapshot() === before[1]], [true, true]);
  });

  test("are called for a sign-out, from a microtask", async () => {
    const connection = await start().login("alice", "pw");
    await settled();
    let heard = 0;
    connection.subscribe(() => {
      heard += 1;
    });
    const done = connection.signout();
    assert.equal(heard, 0);
    await done;
    assert.equal(heard, 1);
  });

  test("that subscribe twice are called twice, and each can be removed on its own", async () => {
    const connection = await start().login("alice", "pw");
    await settled();
    let heard = 0;
    const listener = () => {
      heard += 1;
    };
    const stop = connection.subscribe(listener);
    connection.subscribe(listener);
    stop();
    stop();
    await connection.signout();
    await settled();
    assert.equal(heard, 1);
  });

  test("that another listener removes are not called any more", async () => {
    const connection = await start().login("alice", "pw");
    await settled();
    const heard = [];
    let stopSecond;
    connection.subscribe(() => {
      heard.push("first");
      stopSecond();
    });
    stopSecond = connection.subscribe(() => heard.push("second"));
    await connection.signout();
    await settled();
    assert.deepEqual(heard, ["first"]);
  });

  test("that throw stop no other, and are heard of as an unhandled rejection", async () => {
    const { code, stdout, stderr } = await runModule(`
      import { initialize } from ${JSON.stringify(entryUrl)};
      import { FakeServer } from ${JSON.stringify(fakeServerUrl)};
      const rejected = [];
      process.on("unhandledRejection", (error) => rejected.push(error.message));
      const client = await initialize("demo", "key", { fetch: new FakeServer().fetch });
      const connection = await client.login("alice", "pw");
      await new Promise(setImmediate);
      const heard = [];
      for (const target of [client, connection]) {
        target.subscribe(() => heard.push("before"));
        target.subscribe(() => { throw new Error("mine"); });
        target.subscribe(async () => { throw new Error("mine too"); });
        target.subscribe(() => heard.push("after"));
      }
      await connection.signout();
      await new Promise(setImmediate);
      console.log(JSON.stringify({ heard: heard.sort(), rejected: rejected.sort(), state: connection.getSnapshot().state }));
    `);
    assert.equal(stderr, "");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      heard: ["after", "after", "before", "before"],
      rejected: ["mine", "mine", "mine too", "mine too"],
      state: "ended",
    });
  });
});

describe("news through a store's watch", () => {
  test("of a login, a refresh and a sign-out reach another client", async () => {
    const persistence = new WatchedStore();
    const here = await start({ persistence });
    const there = await start({ persistence });
    there.subscribe(() => {});
    await until(() => there.getSnapshot().ready);
    assert.equal(there.getSnapshot().connection, null);

    const connection = await here.login("alice", "pw");
    await until(() => there.getSnapshot().connection);
    const remote = there.getSnapshot().connection;
    assert.equal(await remote.getAccessToken(), await connection.getAccessToken());

    const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    await until(() => remote.getSnapshot().generation === 2);
    assert.equal(await remote.getAccessToken(), token);

    await connection.signout();
    await until(() => there.getSnapshot().connection === null);
    await rejects(remote.getAccessToken(), { code: "session_ended", reason: "signed_out" });
    assert.equal(server.requests.length, 3);
  });

  test("of another user's login ends the session here", async () => {
    const persistence = new WatchedStore();
    const here = await start({ persistence });
    const alice = await here.login("alice", "pw");
    await start({ persistence }).login("bob", "pw");
    await until(() => alice.getSnapshot().state === "ended");
    assert.equal(alice.getSnapshot().error.reason, "replaced");
    await until(() => here.getSnapshot().connection);
    assert.match(await here.getSnapshot().connection.getAccessToken(), /-bob-/);
  });

  test("that come while it is being asked for are not followed for ever", async () => {
    const persistence = new MemoryStore();
    let watching = 0;
    persistence.watch = (_key, changed) => {
      watching += 1;
      if (watching < 50) changed();
      return () => {};
    };
    const client = await start({ persistence });
    await client.login("alice", "pw");
    await settled();
    assert.equal(watching, 1);
  });
});
