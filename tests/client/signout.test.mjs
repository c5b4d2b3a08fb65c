import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, mock, test } from "node:test";
import { expired, rejects, secret, server, start } from "../shared/client.mjs";
import { gate, json } from "../shared/fake-server.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { settled, until } from "../shared/waiting.mjs";

describe("signout", () => {
  for (const [what, persistence] of [
    ["in memory", () => "none"],
    ["in a store", () => new MemoryStore()],
  ]) {
    test(`${what} is over at once, before the revocation is answered`, async () => {
      const client = await start({ persistence: persistence() });
      const connection = await client.login("alice", "pw");
      const other = await client.loginWithPersistance(connection.retrievePersistanceToken());
      const token = connection.retrievePersistanceToken();
      const open = server.hold("revocation");
      const done = connection.signout();
      for (const handle of [connection, other]) {
        assert.equal(handle.getSnapshot().state, "ended");
        assert.equal(handle.getSnapshot().error.reason, "signed_out");
        assert.equal(handle.retrievePersistanceToken(), null);
        await rejects(handle.getAccessToken(), { code: "session_ended", reason: "signed_out" });
      }
      assert.equal(client.getSnapshot().connection, null);
      await until(() => server.count("revocation") === 1);
      assert.equal(server.sent("revocation")[0].form.token, token);
      open();
      assert.equal(await done, undefined);
      assert.equal(await client.restore(), null);
    });

    test(`${what} during a refresh: callers are told, and what comes late is revoked`, async () => {
      const { client, connection } = await expired({ persistence: persistence() });
      const open = server.hold("refresh_token");
      const calls = Array.from({ length: 10 }, () => connection.getAccessToken());
      await until(() => server.count("refresh_token") === 1);
      const done = connection.signout();
      for (const call of calls) await rejects(call, { code: "session_ended", reason: "signed_out" });
      await done;
      open();
      await until(() => server.count("revocation") === 2);
      assert.deepEqual(
        server.sent("revocation").map(({ form }) => form.token),
        ["rt-canary-alice-1", "rt-canary-alice-2"],
      );
      await settled();
      assert.equal(connection.getSnapshot().state, "ended");
      assert.equal(connection.retrievePersistanceToken(), null);
      assert.equal(await client.restore(), null);
    });
  }

  test("while the store is being written leaves nothing in it", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const { promise, open } = gate();
    const swap = persistence.compareAndSet.bind(persistence);
    let isWriting = false;
    persistence.compareAndSet = async (...args) => {
      isWriting = server.count("refresh_token") === 1;
      if (isWriting) await promise;
      return swap(...args);
    };
    const call = connection.getAccessToken();
    await until(() => isWriting);
    const done = connection.signout();
    assert.equal(connection.getSnapshot().state, "ended");
    open();
    await rejects(call, { code: "session_ended", reason: "signed_out" });
    await done;
    await until(() => persistence.record.ended);
    assert.equal(JSON.stringify(persistence.record).includes(secret), false);
    assert.equal(await client.restore(), null);
    assert.equal(server.sent("revocation").at(-1).form.token, "rt-canary-alice-2");
  });

  test("while the claim is being written sends nothing, and leaves nothing in the store", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const { promise, open } = gate();
    const swap = persistence.compareAndSet.bind(persistence);
    let isWriting = false;
    persistence.compareAndSet = async (...args) => {
      isWriting = true;
      await promise;
      return swap(...args);
    };
    const call = connection.getAccessToken();
    await until(() => isWriting);
    const done = connection.signout();
    open();
    await rejects(call, { code: "session_ended", reason: "signed_out" });
    await done;
    assert.equal(persistence.record.ended, "signed_out");
    assert.equal(JSON.stringify(persistence.record).includes(secret), false);
    assert.equal(await client.restore(), null);
    assert.equal(server.count("refresh_token"), 0);
    assert.equal(server.sent("revocation").at(-1).form.token, "rt-canary-alice-1");
  });

  test("leaves no token in the store, and a login after it counts on", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    const { generation } = connection.getSnapshot();
    await connection.signout();
    await until(() => persistence.record.ended === "signed_out");
    assert.equal(JSON.stringify(persistence.record).includes(secret), false);
    const next = await client.login("alice", "pw");
    assert.ok(next.getSnapshot().generation > generation);
  });

  test("ends the session of another client at its next refresh", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const restored = await start({ persistence }).restore();
    await connection.signout();
    await rejects(restored.getAccessToken(), { code: "session_ended", reason: "signed_out" });
    assert.equal(server.count("refresh_token"), 0);
  });

  test("is not undone by a restore that comes before the store knows", async () => {
    const client = await start({ persistence: new MemoryStore() });
    const connection = await client.login("alice", "pw");
    const done = connection.signout();
    assert.equal(await client.restore(), null);
    await done;
    assert.equal(client.getSnapshot().connection, null);
  });

  test("has reached the store when it resolves, whether there is something to revoke or not", async () => {
    for (const endpoints of [{}, { tokenEndpoint: "https://auth.example/token" }]) {
      const persistence = new MemoryStore();
      for (const name of ["read", "compareAndSet"]) {
        const method = persistence[name].bind(persistence);
        persistence[name] = async (...args) => {
          await settled();
          return method(...args);
        };
      }
      const client = await start({ ...endpoints, persistence });
      const connection = await client.login("alice", "pw");
      await connection.signout();
      assert.equal(JSON.stringify(persistence.record).includes(secret), false);
      assert.equal(await client.restore(), null);
    }
  });

  test("twice is once", async () => {
    const connection = await start().login("alice", "pw");
    await Promise.all([connection.signout(), connection.signout()]);
    await connection.signout();
    assert.equal(server.count("revocation"), 1);
  });

  test("resolves when the revocation is refused, or fails", async () => {
    for (const answer of [
      () => json(503, {}),
      () => json(400, { error: "invalid_request" }),
      () => Promise.reject(new TypeError("fetch failed")),
      () => ({}),
    ]) {
      const connection = await start().login("alice", "pw");
      server.answer = answer;
      assert.equal(await connection.signout(), undefined);
      server.answer = () => undefined;
    }
  });

  test("resolves when the revocation hangs, after the timeout", async () => {
    const connection = await start({ timeout: 5_000 }).login("alice", "pw");
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      server.hold("revocation");
      let isDone = false;
      const done = connection.signout().finally(() => {
        isDone = true;
      });
      await until(() => server.count("revocation") === 1);
      await settled();
      mock.timers.tick(4_999);
      await settled();
      assert.equal(isDone, false);
      mock.timers.tick(1);
      assert.equal(await done, undefined);
    } finally {
      mock.timers.reset();
    }
  });

  test("of a session without a refresh token has nothing to revoke", async () => {
    const connection = await start().adopt({ access_token: "a", token_type: "Bearer" });
    await connection.signout();
    assert.equal(server.requests.length, 0);
  });
});

describe("a signal", () => {
  const calls = {
    login: (client, _connection, signal) => client.login("bob", "pw", { signal }),
    "loginWithPersistance of a foreign token": (client, _connection, signal) =>
      client.loginWithPersistance("foreign", { signal }),
    "loginWithPersistance of the session's own": (client, connection, signal) =>
      client.loginWithPersistance(connection.retrievePersistanceToken(), { signal }),
    getAccessToken: (_client, connection, signal) => connection.getAccessToken({ signal }),
    signout: (_client, connection, signal) => connection.signout({ signal }),
  };
  for (const [what, call] of Object.entries(calls)) {
    test(`aborted before ${what} keeps it from starting`, async () => {
      const { client, connection } = await expired();
      const signal = AbortSignal.abort(new Error(secret));
      await rejects(call(client, connection, signal), { code: "aborted", retryable: false });
      await settled();
      assert.equal(server.requests.length, 1);
      assert.equal(getEventListeners(signal, "abort").length, 0);
      assert.equal(connection.getSnapshot().state, "active");
    });

    test(`aborted during ${what} rejects that call alone, and the request goes on`, async () => {
      const { client, connection } = await expired();
      const open = server.hold();
      const controller = new AbortController();
      const other = connection.getAccessToken();
      const others = other.catch(({ reason }) => reason);
      await until(() => server.requests.length === 2);
      const aborted = call(client, connection, controller.signal);
      await settled();
      assert.equal(getEventListeners(controller.signal, "abort").length, 1);
      const { length } = server.requests;
      controller.abort(new Error(secret));
      await rejects(aborted, { code: "aborted" });
      assert.equal(getEventListeners(controller.signal, "abort").length, 0);
      for (const { init } of server.requests) assert.equal(init.signal.aborted, false);
      assert.equal(server.requests.length, length);
      open();
      const token = await others;
      if (what === "signout") return assert.equal(token, "signed_out");
      assert.match(token, /-alice-2/);
      assert.equal(await connection.getAccessToken(), token);
    });

    test(`is let go of when ${what} is settled`, async () => {
      const { client, connection } = await expired();
      const { signal } = new AbortController();
      await call(client, connection, signal).catch(() => {});
      assert.equal(getEventListeners(signal, "abort").length, 0);
    });
  }

  test("aborted during a login: what comes late is revoked, and kept nowhere", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const open = server.hold("password");
    const controller = new AbortController();
    const call = client.login("alice", "pw", { signal: controller.signal });
    await until(() => server.count("password") === 1);
    controller.abort();
    await rejects(call, { code: "aborted" });
    open();
    await until(() => server.count("revocation") === 1);
    assert.equal(server.sent("revocation")[0].form.token, "rt-canary-alice-1");
    assert.equal(await client.restore(), null);
  });

  test("aborted by everybody who waits: the refresh still reaches the session", async () => {
    const { connection } = await expired();
    const open = server.hold("refresh_token");
    const controller = new AbortController();
    const call = connection.getAccessToken({ signal: controller.signal });
    await until(() => server.count("refresh_token") === 1);
    controller.abort();
    await rejects(call, { code: "aborted" });
    open();
    await until(() => connection.getSnapshot().generation === 2);
    assert.match(await connection.getAccessToken(), /-alice-2/);
    assert.equal(server.count("refresh_token"), 1);
  });
});

describe("dispose", () => {
  test("of a connection with a call in flight: the call settles, later ones reject", async () => {
    const { connection } = await expired();
    const open = server.hold("refresh_token");
    const call = connection.getAccessToken();
    const joined = connection.getAccessToken({});
    await until(() => server.count("refresh_token") === 1);
    connection[Symbol.dispose]();
    open();
    assert.match(await call, /-alice-2/);
    assert.equal(await joined, await call);
    for (const method of [
      () => connection.getAccessToken(),
      () => connection.getAccessToken({}),
      () => connection.signout(),
      async () => connection.retrievePersistanceToken(),
      async () => connection.subscribe(() => {}),
      async () => connection.getSnapshot(),
    ]) {
      await rejects(method(), { code: "aborted" });
    }
    connection[Symbol.dispose]();
    assert.equal(server.count("revocation"), 0);
  });

  test("of one handle ends no other", async () => {
    const client = await start();
    const one = await client.login("alice", "pw");
    const other = await client.loginWithPersistance(one.retrievePersistanceToken());
    one[Symbol.dispose]();
    assert.match(await other.getAccessToken({ rejected: await other.getAccessToken() }), /-alice-3/);
  });

  test("of a connection takes its own listeners along, and no others", async () => {
    const client = await start();
    const one = await client.login("alice", "pw");
    const other = await client.loginWithPersistance(one.retrievePersistanceToken());
    const heard = [];
    one.subscribe(() => heard.push("one"));
    other.subscribe(() => heard.push("other"));
    one[Symbol.dispose]();
    await other.signout();
    await settled();
    assert.deepEqual(new Set(heard), new Set(["other"]));
  });

  test("of a client with a login in flight: it settles, later calls reject", async () => {
    const client = await start({ persistence: new WatchedStore() });
    const open = server.hold();
    const call = client.login("alice", "pw");
    await until(() => server.requests.length === 1);
    client[Symbol.dispose]();
    open();
    assert.match(await (await call).getAccessToken(), /-alice-1/);
    for (const method of [
      () => client.login("a", "b"),
      () => client.loginWithPersistance("t"),
      () => client.adopt({}),
      () => client.restore(),
      async () => client.subscribe(() => {}),
      async () => client.getSnapshot(),
    ]) {
      await rejects(method(), { code: "aborted" });
    }
  });

  test("of a client: the token of its live session is no way in", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    client[Symbol.dispose]();
    await rejects(client.loginWithPersistance(connection.retrievePersistanceToken()), { code: "aborted" });
    assert.equal(server.requests.length, 1);
  });

  test("of a client stops its watcher and its listeners, and its connection goes on", async () => {
    const persistence = new WatchedStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    let heard = 0;
    client.subscribe(() => {
      heard += 1;
    });
    await settled();
    heard = 0;
    assert.equal(persistence.watchers.size, 1);
    client[Symbol.dispose]();
    assert.equal(persistence.watchers.size, 0);
    assert.match(await connection.getAccessToken({ rejected: await connection.getAccessToken() }), /-alice-2/);
    await settled();
    assert.equal(heard, 0);
  });
});
