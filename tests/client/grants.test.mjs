import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialize, rejects, secret, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { LockedStore, MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

const HOUR = 3_600_000;

describe("loginWithGrant", () => {
  test("sends the parameters with the grant type, the client and its scope, of which they may have another", async () => {
    const client = await start();
    await client.loginWithGrant("urn:x", { code: "c+1", redirect_uri: "https://app.example/" });
    await client.loginWithGrant("authorization_code", { scope: "less" });
    await client.loginWithGrant("client_credentials");
    await client.loginWithGrant("a", JSON.parse('{ "constructor": "b", "toString": "c", "__proto__": "d" }'));
    const common = { client_id: "demo-key", scope: "meshy.api offline_access" };
    assert.deepEqual(
      server.requests.map(({ form }) => form),
      [
        { ...common, grant_type: "urn:x", code: "c+1", redirect_uri: "https://app.example/" },
        { ...common, scope: "less", grant_type: "authorization_code" },
        { ...common, grant_type: "client_credentials" },
        { ...common, ...JSON.parse('{ "constructor": "b", "toString": "c", "__proto__": "d" }'), grant_type: "a" },
      ],
    );
  });

  test("opens a session as a login does, and is judged as one", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.loginWithGrant("authorization_code", { code: secret });
    assert.equal(persistence.record.access_token, await connection.getAccessToken());
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(server.count("refresh_token"), 1);
    server.answer = () => json(400, { error: "invalid_grant", error_description: `${secret} was used, alice` });
    const refused = await rejects(client.loginWithGrant("authorization_code", { code: secret }), {
      code: "invalid_grant",
    });
    assert.equal(refused.error_description, undefined);
    server.answer = () =>
      json(400, { error: "invalid_grant", error_description: "no user alice, no https://app.example/" });
    await rejects(
      client.loginWithGrant("a", { code: "other", username: "alice", redirect_uri: "https://app.example/" }),
      { error_description: "no user alice, no https://app.example/" },
    );
    assert.equal(connection.getSnapshot().state, "active");
  });

  test("is sent once, also if its answer is lost", async () => {
    server.losing = 9;
    const persistence = new WatchedStore();
    await rejects((await start({ persistence })).loginWithGrant("authorization_code", { code: "c" }), {
      code: "network",
    });
    assert.equal(server.requests.length, 1);
  });

  test("finds what is wrong with its arguments before any request", async () => {
    const client = await start();
    for (const [grantType, parameters, argument] of [
      ["", {}, "grant_type"],
      [undefined, {}, "grant_type"],
      ["a", { code: "" }, "code"],
      ["a", { code: undefined }, "code"],
      ["a", { code: ["x"] }, "code"],
      ["a", { code: "\ud800" }, "code"],
    ]) {
      await rejects(client.loginWithGrant(grantType, parameters), { code: "invalid_argument", argument });
    }
    await rejects(client.loginWithGrant("a", {}, { signal: 5 }), { code: "invalid_argument", argument: "signal" });
    assert.equal(server.requests.length, 0);
  });
});

describe("a grant that is repeatable", () => {
  for (const Store of [MemoryStore, WatchedStore, LockedStore]) {
    test(`is sent once for each expiry, by one of eight that share a ${Store.name}`, async () => {
      await inTime(async (time) => {
        server.bare = true;
        const persistence = new Store();
        const open = async () => {
          const client = await start({ persistence });
          return client.loginWithGrant("client_credentials", { resource: "https://api.example" }, { repeatable: true });
        };
        const connections = await time.settling(Promise.all(Array.from({ length: 8 }, open)));
        for (let expiry = 1; expiry <= 50; expiry += 1) {
          const calls = connections.map((connection) => connection.getAccessToken());
          assert.equal(new Set(await time.settling(Promise.all(calls))).size, 1);
          assert.equal(server.requests.length, expiry);
          await time.pass(HOUR + 1);
        }
        assert.equal(server.requests.length, 50);
        assert.ok(connections.every((connection) => connection.getSnapshot().state === "active"));
        assert.equal(connections[0].retrievePersistanceToken(), null);
      });
    });
  }

  test("takes the session that is stored, also one that has expired", async () => {
    await inTime(async (time) => {
      server.bare = true;
      const persistence = new MemoryStore();
      const options = { repeatable: true };
      const first = await time.settling((await start({ persistence })).loginWithGrant("a", {}, options));
      await time.pass(HOUR + 1);
      const next = await time.settling((await start({ persistence })).loginWithGrant("a", {}, options));
      assert.equal(next.getSnapshot().sessionId, first.getSnapshot().sessionId);
      assert.equal(server.requests.length, 1);
      assert.match(await time.settling(next.getAccessToken()), /-2$/);
      assert.equal(await time.settling(first.getAccessToken()), await next.getAccessToken());
    });
  });

  test("is none otherwise: without a refresh token a session ends with its access token", async () => {
    await inTime(async (time) => {
      server.bare = true;
      const connection = await (await start()).loginWithGrant("client_credentials");
      await time.pass(HOUR + 1);
      await rejects(connection.getAccessToken(), { code: "session_ended", reason: "expired" });
      assert.equal(connection.getSnapshot().state, "ended");
      assert.equal(server.requests.length, 1);
    });
  });
});

describe("the ID token", () => {
  test("is stored with its session, the last one there was, and found after a restart", async () => {
    const persistence = new WatchedStore();
    server.idToken = "first";
    const connection = await (await start({ persistence })).loginWithGrant("authorization_code", { code: "c" });
    assert.equal(connection.retrieveIdToken(), "first");
    server.idToken = undefined;
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(connection.retrieveIdToken(), "first");
    const other = await (await start({ persistence })).restore();
    assert.equal(other.retrieveIdToken(), "first");
    server.idToken = "second";
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    await until(() => other.retrieveIdToken() === "second");
    assert.equal(connection.retrieveIdToken(), "second");
  });

  test("of another login is none of this session", async () => {
    const persistence = new WatchedStore();
    server.idToken = "alice";
    const client = await start({ persistence });
    const alice = await client.login("alice", "pw");
    server.idToken = undefined;
    const bob = await client.login("bob", "pw");
    await settled();
    assert.equal(bob.retrieveIdToken(), null);
    assert.notEqual(alice.getSnapshot().sessionId, bob.getSnapshot().sessionId);
  });

  test("is kept in memory, and while a store fails", async () => {
    server.idToken = "id";
    assert.equal((await (await start()).login("alice", "pw")).retrieveIdToken(), "id");
    const persistence = { read: () => null, compareAndSet: () => Promise.reject(new Error()) };
    assert.equal((await (await start({ persistence })).login("alice", "pw")).retrieveIdToken(), "id");
  });

  for (const [what, end] of Object.entries({
    "a sign-out": (connection) => connection.signout(),
    invalid_grant: async (connection) => {
      server.answer = () => json(400, { error: "invalid_grant" });
      await rejects(connection.getAccessToken({ rejected: await connection.getAccessToken() }), {
        code: "session_ended",
      });
    },
  })) {
    test(`is stored no longer after ${what}`, async () => {
      const persistence = new MemoryStore();
      server.idToken = "id";
      const connection = await (await start({ persistence })).login("alice", "pw");
      assert.equal(persistence.record.id_token, "id");
      await end(connection);
      assert.ok(persistence.record.ended);
      assert.equal(persistence.record.id_token, undefined);
    });
  }

  test("of adopted tokens is theirs", async () => {
    const tokens = { access_token: "a", token_type: "Bearer", refresh_token: "r", expires_in: 60, id_token: "mine" };
    assert.equal((await (await start()).adopt(tokens)).retrieveIdToken(), "mine");
  });
});

describe("without an account name", () => {
  test("relative URLs are inside the API, and the account needs a token endpoint in its place", async () => {
    const asked = [];
    const fetch = async (url, init) =>
      url.endsWith("/token") ? server.fetch(url, init) : asked.push(url) && json(200, {});
    const client = await initialize("", "k", {
      tokenEndpoint: "https://a.example/token",
      apiUrl: "https://api.example/v1",
      fetch,
    });
    const connection = await client.login("alice", "pw");
    await connection.fetch("me");
    assert.deepEqual(asked, ["https://api.example/v1/me"]);
    await rejects(connection.fetch("/me"), { code: "invalid_argument", argument: "input" });
    await rejects(initialize("", "k"), { code: "invalid_argument", argument: "accountName" });
  });
});
