import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";
import { inspect } from "node:util";
import * as entry from "../../pkg/index.js";
import { startAuthorizationServer } from "../../www/server/authorization-server.mjs";
import { FakeServer, gate, json } from "./fake-server.mjs";
import { runModule } from "./processes.mjs";
import { MemoryStore, WatchedStore } from "./stores.mjs";
import { rejection, settled, until } from "./waiting.mjs";

const { initialize, initializeWithTenant, MeshyClient, MeshyError } = entry;
const entryUrl = new URL("../../pkg/index.js", import.meta.url).href;
const fakeServerUrl = new URL("fake-server.mjs", import.meta.url).href;
const secret = "canary";
const longText = "x".repeat(1_025);

let server;
beforeEach(() => {
  server = new FakeServer();
});

function start(options) {
  return initialize("demo", "demo-key", { fetch: server.fetch, ...options });
}

/** A session whose access token has expired already. */
async function expired(options) {
  const client = await start(options);
  const { lifetime } = server;
  server.lifetime = 0;
  const connection = await client.login("alice", "pw");
  server.lifetime = lifetime;
  return { client, connection };
}

async function rejects(promise, expected) {
  const error = await rejection(promise);
  assert.ok(error instanceof MeshyError, inspect(error));
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error.message}`);
  assertNoSecret(error);
  return error;
}

function assertNoSecret(value) {
  const shown = [
    String(value),
    value?.message,
    value?.stack,
    JSON.stringify(value),
    inspect(value, { depth: 10, showHidden: true, getters: true }),
  ];
  for (const text of shown) assert.equal(String(text).includes(secret), false, `shows a secret: ${text}`);
}

describe("the entry point", () => {
  test("exports these names", () => {
    assert.deepEqual(Object.keys(entry).sort(), ["MeshyClient", "MeshyError", "initialize", "initializeWithTenant"]);
    assert.deepEqual(MeshyClient, { initialize, initializeWithTenant });
  });

  for (const [name, initialised] of [
    ["initialize", () => start()],
    ["initializeWithTenant", () => initializeWithTenant("demo", "acme", "demo-key", { fetch: server.fetch })],
  ]) {
    test(`${name} returns a promise of a client`, async () => {
      const promise = initialised();
      assert.ok(promise instanceof Promise);
      assert.equal(Object.prototype.toString.call(promise), "[object Promise]");
      const client = await promise;
      assert.equal("then" in client, false);
      assert.equal(await promise, client);
      assert.equal(await Promise.resolve(promise), client);
      assert.deepEqual(await Promise.all([promise]), [client]);
    });

    test(`${name} returns what can be used as the client straight away`, async () => {
      const client = initialised();
      const connection = await client.login("alice", "pw");
      assert.match(await connection.getAccessToken(), /^at-/);
      const again = await client.loginWithPersistance(connection.retrievePersistanceToken());
      assert.match(await again.getAccessToken(), /^at-/);
      assert.match(await (await client.adopt({ access_token: "a", token_type: "Bearer" })).getAccessToken(), /^a$/);
      assert.equal(await client.restore(), null);
    });

    test(`${name}: what follows from the promise is a plain promise`, async () => {
      const client = initialised();
      const following = [
        client.then(() => 1),
        client.catch(() => 1),
        client.finally(() => 1),
        client.login("alice", "pw"),
        client.restore(),
      ];
      for (const promise of following) assert.equal(Object.getPrototypeOf(promise), Promise.prototype);
      await Promise.all(following);
    });
  }

  test("rejects instead of throwing, and so does every method of the promise", async () => {
    const client = MeshyClient.initialize("..", "demo-key");
    const calls = [
      client,
      client.login("u", "p"),
      client.loginWithPersistance("t"),
      client.adopt({}),
      client.restore(),
      client.then(() => {}),
    ];
    for (const promise of calls) await rejects(promise, { code: "invalid_argument", argument: "accountName" });
  });

  test("can be taken out of MeshyClient", async () => {
    const { initialize: taken } = MeshyClient;
    assert.equal((await taken("demo", "demo-key")).getSnapshot().connection, null);
  });

  test("the tenant given is the tenant sent", async () => {
    await initializeWithTenant("demo", "acme", "k", { fetch: server.fetch }).login("u", "p");
    await initializeWithTenant("demo", "", "k", { fetch: server.fetch }).login("u", "p");
    await initialize("demo", "k", { fetch: server.fetch }).login("u", "p");
    assert.deepEqual(
      server.requests.map(({ tenant }) => tenant),
      ["acme", undefined, undefined],
    );
  });
});

describe("a bad argument is found before any request:", () => {
  const wrongTypes = [null, 5, true, {}, [], Symbol(secret), 5n, () => {}];
  const urls = [
    ...wrongTypes,
    "",
    secret,
    `http://${secret}.example`,
    `https://user:${secret}@example.com`,
    `https://example.com?${secret}`,
    `https://example.com#${secret}`,
    "https://",
    "https://example.com/../x",
    "https://example.com/%2e%2e",
    "https://exämple.com",
    "https://example.com:99999999",
    "https://example.com\\@evil.example",
    "https://example.com\r\n",
    "javascript:alert(1)",
    "//example.com",
    `https://example.com/${longText}`,
  ];
  const store = new MemoryStore();
  const cases = {
    accountName: [
      ...wrongTypes,
      undefined,
      "",
      ".",
      "..",
      "a/b",
      `a/${secret}?x#`,
      "%2e%2e",
      "@evil",
      "//evil",
      "a b",
      "é",
      "a".repeat(129),
      "a\r\nb",
    ],
    publicKey: [...wrongTypes, undefined, "", " ", `${secret} b`, "é", "a\nb", longText],
    tenant: [...wrongTypes.slice(1), `a\r\nX-${secret}: b`, "a\0", " a", "a ", "é", longText],
    options: [null, 5, true, secret, Symbol(secret), () => {}],
    authUrl: urls,
    tokenEndpoint: urls,
    revocationEndpoint: urls,
    scope: [...wrongTypes, `${secret}"`, "\\", "é", "a\nb", longText],
    slot: [...wrongTypes, "", longText],
    timeout: [null, "5", true, {}, Number.NaN, 0, -1, 3_600_001, Number.POSITIVE_INFINITY],
    fetch: [null, 5, secret, {}],
    persistence: [null, 5, true, "", "session", secret, {}, [], { read() {} }, { compareAndSet() {} }, { ...store }],
  };
  const argumentsFor = {
    accountName: (value) => [value, undefined, "demo-key"],
    tenant: (value) => ["demo", value, "demo-key"],
    publicKey: (value) => ["demo", undefined, value],
    options: (value) => ["demo", undefined, "demo-key", value],
  };
  for (const [argument, values] of Object.entries(cases)) {
    test(`${argument} of initializeWithTenant`, async () => {
      for (const value of values) {
        const given = argumentsFor[argument]?.(value) ?? [
          "demo",
          undefined,
          "demo-key",
          { fetch: server.fetch, [argument]: value },
        ];
        const error = await rejects(initializeWithTenant(...given), { code: "invalid_argument", argument });
        assert.match(error.message, /^invalid_argument: must /);
        assert.equal(error.retryable, false);
      }
      assert.equal(server.requests.length, 0);
    });
  }

  const credentials = [undefined, null, 5, true, {}, [], Symbol(secret), "", "é".repeat(2_049), secret.repeat(1_000)];
  const calls = {
    username: [credentials, (client, value) => client.login(value, secret)],
    password: [credentials, (client, value) => client.login("alice", value)],
    refreshToken: [
      [undefined, null, 5, {}, [], "", `${secret} b`, "é", `${secret}\r\n`, "x".repeat(16_385)],
      (client, value) => client.loginWithPersistance(value),
    ],
    tokens: [
      [
        undefined,
        null,
        5,
        "",
        secret,
        [],
        {},
        { access_token: secret },
        { access_token: secret, token_type: "mac" },
        { access_token: `${secret} b`, token_type: "Bearer" },
        { access_token: 5, token_type: "Bearer" },
        { access_token: secret, token_type: "Bearer", refresh_token: `${secret}\n` },
        { access_token: secret, token_type: "Bearer", refresh_token: 5 },
        Object.create({ access_token: secret, token_type: "Bearer" }),
        {
          token_type: "Bearer",
          get access_token() {
            throw new Error(secret);
          },
        },
      ],
      (client, value) => client.adopt(value),
    ],
  };
  for (const [argument, [values, call]] of Object.entries(calls)) {
    test(argument, async () => {
      const client = await start();
      for (const value of values) await rejects(call(client, value), { code: "invalid_argument", argument });
      // And the same while there is a session that a token may belong to.
      await client.login("alice", "pw");
      for (const value of values) await rejects(call(client, value), { code: "invalid_argument", argument });
      assert.equal(server.requests.length, 1);
    });
  }

  const sessionCalls = {
    minValidity: [-1, Number.NaN, "5", null, {}, true],
    rejected: [5, null, {}, true, Symbol(secret)],
  };
  for (const [argument, values] of Object.entries(sessionCalls)) {
    test(`${argument} of getAccessToken`, async () => {
      const { connection } = await expired();
      for (const value of values) {
        await rejects(connection.getAccessToken({ [argument]: value }), { code: "invalid_argument", argument });
      }
      assert.equal(server.requests.length, 1);
    });
  }

  for (const [argument, values] of [
    ["options", [null, 5, "x", true]],
    ["signal", [null, 5, "x", {}, { aborted: false }].map((signal) => ({ signal }))],
  ]) {
    test(`${argument} of every call`, async () => {
      const { client, connection } = await expired();
      for (const value of values) {
        for (const call of [
          () => client.login("u", "p", value),
          () => client.loginWithPersistance("t", value),
          () => connection.getAccessToken(value),
          () => connection.signout(value),
        ]) {
          await rejects(call(), { code: "invalid_argument", argument });
        }
      }
      assert.equal(server.requests.length, 1);
      assert.equal(connection.getSnapshot().state, "active");
    });
  }

  test("a signal that cannot be let go of is refused, or does no harm", async () => {
    const { code, stdout, stderr } = await runModule(`
      import { initialize } from ${JSON.stringify(entryUrl)};
      import { FakeServer } from ${JSON.stringify(fakeServerUrl)};
      const client = await initialize("demo", "key", { fetch: new FakeServer().fetch });
      const signal = { aborted: false, addEventListener() {} };
      client.login("alice", "pw", { signal }).then(() => console.log("settled"), (error) => console.log(error.argument));
    `);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^(settled|signal)\n$/);
  });

  test("what is allowed at the edges is accepted", async () => {
    for (const given of [
      ["a".repeat(128), null, "!~", { timeout: 1, slot: "é", scope: "" }],
      ["0._~-", "a b", "x".repeat(1_024), { timeout: 3_600_000, slot: "x".repeat(1_024), scope: "a b" }],
      ["demo", undefined, "k", undefined],
      ["demo", undefined, "k", {}],
      [
        "demo",
        undefined,
        "k",
        { authUrl: "http://localhost:1", tokenEndpoint: "http://[::1]:1/t", persistence: store },
      ],
      ["demo", undefined, "k", { authUrl: "https://example.com:8443/a/b/", revocationEndpoint: "http://127.9.9.9/r" }],
    ]) {
      await initializeWithTenant(...given);
    }
    const client = await start();
    server.answer = () => json(200, { access_token: "a", token_type: "Bearer", refresh_token: "r" });
    const connection = await client.login("é".repeat(2_048), "x".repeat(4_096));
    await client.adopt({ access_token: "a", token_type: "bEaReR", refresh_token: "x".repeat(16_384) });
    await connection.getAccessToken({ minValidity: Number.POSITIVE_INFINITY, rejected: "é", signal: undefined });
  });
});

describe("MeshyError", () => {
  test("is known across two copies of the package", async () => {
    const other = createRequire(import.meta.url)("../../pkg/index.cjs");
    assert.notEqual(other.MeshyError, MeshyError);
    const mine = await rejection(initialize("..", "k"));
    const theirs = await rejection(other.initialize("..", "k"));
    for (const error of [mine, theirs]) {
      assert.ok(error instanceof MeshyError);
      assert.ok(error instanceof other.MeshyError);
      assert.ok(error instanceof Error);
      assert.equal(error.name, "MeshyError");
      assert.match(error.stack, /^MeshyError: invalid_argument: /);
    }
    for (const value of [new Error("x"), undefined, null, "x", {}]) assert.equal(value instanceof MeshyError, false);
  });

  test("has no member that means nothing", async () => {
    const error = await rejection(initialize("..", "k"));
    assert.deepEqual(Object.keys(error).sort(), ["argument", "code", "retryable"]);
  });
});

describe("a session", () => {
  test("serves its token without a request until it expires, then refreshes once for 1,000 callers", async () => {
    const { connection } = await expired();
    const open = server.hold("refresh_token");
    const calls = Array.from({ length: 1_000 }, () => connection.getAccessToken());
    await until(() => server.count("refresh_token") === 1);
    assert.equal(connection.getSnapshot().state, "refreshing");
    open();
    const found = new Set(await Promise.all(calls));
    assert.equal(found.size, 1);
    assert.equal(server.count("refresh_token"), 1);
    for (let call = 0; call < 100; call += 1) assert.ok(found.has(await connection.getAccessToken()));
    assert.equal(server.requests.length, 2);
  });

  for (const [what, jump] of [
    ["past the expiry", 2 * 3_600_000],
    ["ten years ahead", 10 * 365 * 24 * 3_600_000],
    ["ten years back", -10 * 365 * 24 * 3_600_000],
  ]) {
    test(`whose clock jumps ${what} refreshes once`, async () => {
      const connection = await start().login("alice", "pw");
      await connection.getAccessToken();
      assert.equal(server.count("refresh_token"), 0);
      const { now } = Date;
      const clock = mock.method(Date, "now", () => now.call(Date) + jump);
      try {
        await Promise.all([connection.getAccessToken(), connection.getAccessToken({})]);
        await connection.getAccessToken();
        assert.equal(server.count("refresh_token"), 1);
      } finally {
        clock.mock.restore();
      }
    });
  }

  test("refreshes for a validity that the token in hand has not, and is content with what it gets", async () => {
    server.lifetime = 60;
    const connection = await start().login("alice", "pw");
    await connection.getAccessToken({ minValidity: 30 });
    assert.equal(server.count("refresh_token"), 0);
    await connection.getAccessToken({ minValidity: 120 });
    assert.equal(server.count("refresh_token"), 1);
  });

  test("refreshes for a token that the API refused, if it is still the one in hand", async () => {
    const connection = await start().login("alice", "pw");
    const first = await connection.getAccessToken();
    const second = await connection.getAccessToken({ rejected: first });
    assert.notEqual(second, first);
    assert.equal(await connection.getAccessToken({ rejected: first }), second);
    assert.equal(await connection.getAccessToken({ rejected: "some other" }), second);
    assert.equal(server.count("refresh_token"), 1);
    const calls = Array.from({ length: 100 }, () => connection.getAccessToken({ rejected: second }));
    assert.equal(new Set(await Promise.all(calls)).size, 1);
    assert.equal(server.count("refresh_token"), 2);
  });

  test("that the server ends says so once, to all who wait, and sends nothing more", async () => {
    const { client, connection } = await expired();
    server.answer = () => json(400, { error: "invalid_grant" });
    const calls = Array.from({ length: 10 }, () => connection.getAccessToken());
    for (const call of calls) await rejects(call, { code: "session_ended", reason: "invalid_grant" });
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "invalid_grant" });
    assert.equal(server.requests.length, 2);
    assert.equal(connection.retrievePersistanceToken(), null);
    assert.equal(client.getSnapshot().connection, null);
    server.answer = () => undefined;
    assert.match(await (await client.login("alice", "pw")).getAccessToken(), /^at-/);
  });

  test("wrong credentials leave the client as it was", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    await rejects(client.login("alice", "wrong-canary"), { code: "invalid_grant", status: 400 });
    assert.match(await connection.getAccessToken(), /^at-/);
    assert.match(await (await client.login("alice", "pw")).getAccessToken(), /^at-/);
  });

  test("with persistence none every login is a session of its own", async () => {
    const client = await start();
    const alice = await client.login("alice", "pw");
    const bob = await client.login("bob", "pw");
    assert.match(await alice.getAccessToken({ rejected: await alice.getAccessToken() }), /-alice-/);
    assert.match(await bob.getAccessToken({ rejected: await bob.getAccessToken() }), /-bob-/);
    await alice.signout();
    assert.equal(bob.getSnapshot().state, "active");
    assert.match(await bob.getAccessToken(), /-bob-/);
  });
});

describe("loginWithPersistance", () => {
  test("with the token of a live session gives a second handle on it, and both go on", async () => {
    const client = await start();
    const first = await client.login("alice", "pw");
    const second = await client.loginWithPersistance(first.retrievePersistanceToken());
    assert.notEqual(second, first);
    assert.equal(server.count("refresh_token"), 1);
    assert.equal(await second.getAccessToken(), await first.getAccessToken());
    for (const handle of [first, second, first]) {
      await handle.getAccessToken({ rejected: await handle.getAccessToken() });
    }
    assert.equal(first.retrievePersistanceToken(), second.retrievePersistanceToken());
    assert.deepEqual(first.getSnapshot(), second.getSnapshot());
    assert.equal(first.getSnapshot().state, "active");
  });

  test("with an old token, rotated underneath, joins, and the old one is never sent again", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    const saved = connection.retrievePersistanceToken();
    for (let rotation = 0; rotation < 20; rotation += 1) {
      await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    }
    const joined = await client.loginWithPersistance(saved);
    assert.equal(await joined.getAccessToken(), await connection.getAccessToken());
    const sent = server.sent("refresh_token").map(({ form }) => form.refresh_token);
    assert.equal(sent.filter((token) => token === saved).length, 1);
    assert.equal(new Set(sent).size, 21);
  });

  test("through a store joins the session that another client has rotated", async () => {
    const persistence = new MemoryStore();
    const one = await start({ persistence });
    const other = await start({ persistence });
    const saved = (await one.login("alice", "pw")).retrievePersistanceToken();
    const elsewhere = await other.restore();
    await elsewhere.getAccessToken({ rejected: await elsewhere.getAccessToken() });
    const third = await start({ persistence });
    const joined = await third.loginWithPersistance(saved);
    assert.match(await joined.getAccessToken(), /-alice-3/);
    assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === saved).length, 1);
  });

  test("with the newest token joins although this client has not seen it yet", async () => {
    const persistence = new MemoryStore();
    const one = await start({ persistence });
    const other = await start({ persistence });
    const connection = await one.login("alice", "pw");
    const elsewhere = await other.restore();
    await elsewhere.getAccessToken({ rejected: await elsewhere.getAccessToken() });
    const joined = await one.loginWithPersistance(elsewhere.retrievePersistanceToken());
    assert.match(await joined.getAccessToken(), /-alice-3/);
    assert.equal(await connection.getAccessToken(), await joined.getAccessToken());
  });

  test("with a token of another process opens a session", async () => {
    const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
    const client = await start();
    const connection = await client.loginWithPersistance(saved);
    assert.match(await connection.getAccessToken(), /-alice-2/);
    assert.notEqual(connection.retrievePersistanceToken(), saved);
    // Now it belongs to that session.
    await client.loginWithPersistance(saved);
    assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === saved).length, 1);
  });

  test("with an unknown token is invalid_grant, and another session stays", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const connection = await client.login("alice", "pw");
    await rejects(client.loginWithPersistance("unknown-canary"), { code: "invalid_grant", status: 400 });
    assert.equal(connection.getSnapshot().state, "active");
    assert.match(await (await client.restore()).getAccessToken(), /-alice-1/);
  });

  test("with the token of a session that has ended is refused by the server alone", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    const saved = connection.retrievePersistanceToken();
    await connection.signout();
    await rejects(client.loginWithPersistance(saved), { code: "invalid_grant" });
  });
});

describe("adopt", () => {
  const tokens = { access_token: "adopted", token_type: "Bearer", expires_in: 0, scope: "s", refresh_token: "foreign" };

  test("goes on with tokens from anywhere, without a request", async () => {
    const client = await start({ persistence: new MemoryStore() });
    const connection = await client.adopt({ ...tokens, expires_in: 60 });
    assert.equal(await connection.getAccessToken(), "adopted");
    assert.equal(connection.retrievePersistanceToken(), "foreign");
    assert.equal(connection.getSnapshot().scope, "s");
    assert.equal(server.requests.length, 0);
    assert.equal(await (await client.restore()).getAccessToken(), "adopted");
  });

  test("refreshes with the refresh token adopted", async () => {
    const connection = await start().adopt(tokens);
    server.answer = () => json(200, { ...tokens, access_token: "next", refresh_token: "rotated" });
    assert.equal(await connection.getAccessToken(), "next");
    assert.equal(server.requests[0].form.refresh_token, "foreign");
  });

  test("without a refresh token serves the token until it expires", async () => {
    const connection = await start().adopt({ access_token: "adopted", token_type: "Bearer" });
    assert.equal(await connection.getAccessToken(), "adopted");
    assert.equal(connection.retrievePersistanceToken(), null);
    assert.equal(connection.getSnapshot().expiresAt, null);
    await rejects(connection.getAccessToken({ rejected: "adopted" }), { code: "session_ended" });
    assert.equal(server.requests.length, 0);
  });
});

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
      await promise;
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
    const restored = await start({ persistence }).restore();
    const { promise, open } = gate();
    server.answer = async () => {
      await promise;
      return json(400, { error: "invalid_grant" });
    };
    const refused = connection.getAccessToken();
    await until(() => server.count("refresh_token") === 1);
    server.answer = () => undefined;
    const token = await restored.getAccessToken();
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
    const later = JSON.stringify({ ...persistence.record, v: 2 });
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
    assert.equal(connection.getSnapshot().state, "active");
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
      const persistence = Object.assign(new MemoryStore(), methods);
      const client = await start({ persistence });
      assert.equal(await client.restore(), null);
      const connection = await client.login("alice", "pw");
      assert.equal(client.getSnapshot().storage, "degraded");
      for (let rotation = 0; rotation < 3; rotation += 1) {
        await connection.getAccessToken({ rejected: await connection.getAccessToken() });
      }
      assert.equal(server.count("refresh_token"), 3);
      assertNoSecret(client.getSnapshot());
      // It recovers, and the next rotation is kept.
      for (const name of Object.keys(methods)) delete persistence[name];
      const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
      assert.equal(persistence.record.access_token, token);
      await connection.signout();
      assert.equal(await start({ persistence }).restore(), null);
    });
  }

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
    persistence.compareAndSet = thrower;
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(client.getSnapshot().storage, "degraded");
    assert.match(persistence.record.access_token, /-alice-1/);
    delete persistence.compareAndSet;
    const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(persistence.record.access_token, token);
    assert.equal(client.getSnapshot().storage, "ok");
    assert.equal(connection.getSnapshot().state, "active");
  });

  test("that gives no text has nothing to restore", async () => {
    for (const value of [5, true, {}, [], Symbol(secret), new Date(), () => {}]) {
      const persistence = Object.assign(new MemoryStore(), { read: () => value });
      const client = await start({ persistence });
      assert.equal(await client.restore(), null);
      const connection = await client.login("alice", "pw");
      assert.match(await connection.getAccessToken({ rejected: await connection.getAccessToken() }), /-alice-/);
      assert.equal(connection.getSnapshot().state, "active");
    }
  });

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

  describe("that never answers", () => {
    beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
    afterEach(() => mock.timers.reset());

    for (const [what, names] of [
      ["when it is read", ["read"]],
      ["when it is written", ["compareAndSet"]],
      ["at all", ["read", "compareAndSet"]],
    ]) {
      test(`${what} holds nobody up for longer than its time`, async () => {
        const persistence = new MemoryStore();
        for (const name of names) persistence[name] = () => new Promise(() => {});
        const client = await start({ persistence });
        const finish = async (promise) => {
          let isSettled = false;
          promise.finally(() => {
            isSettled = true;
          });
          for (let waits = 0; !isSettled && waits < 20; waits += 1) {
            await settled();
            mock.timers.tick(1_000);
          }
          await settled();
          assert.ok(isSettled);
          return promise;
        };
        const connection = await finish(client.login("alice", "pw"));
        assert.equal(client.getSnapshot().storage, "degraded");
        const token = await finish(connection.getAccessToken({ rejected: await connection.getAccessToken() }));
        assert.match(token, /-alice-2/);
        await finish(connection.signout());
        assert.equal(connection.getSnapshot().state, "ended");
      });
    }
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

describe("a second login", () => {
  test("replaces the first session in a store, and revokes it", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const alice = await client.login("alice", "pw");
    const old = alice.retrievePersistanceToken();
    const bob = await client.login("bob", "pw");
    await until(() => alice.getSnapshot().state === "ended");
    await rejects(alice.getAccessToken(), { code: "session_ended", reason: "replaced" });
    assert.equal(alice.retrievePersistanceToken(), null);
    assert.equal(alice.getSnapshot().error.reason, "replaced");
    assert.match(await bob.getAccessToken(), /-bob-/);
    await until(() => server.count("revocation") === 1);
    assert.equal(server.sent("revocation")[0].form.token, old);
    assert.equal(client.getSnapshot().connection.retrievePersistanceToken(), bob.retrievePersistanceToken());
    // Signing out of what was replaced takes nothing away.
    await alice.signout();
    assert.match(await (await client.restore()).getAccessToken(), /-bob-/);
  });

  test("of another client replaces it too, and the first never gets the second user's token", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    await start({ persistence }).login("bob", "pw");
    await rejects(connection.getAccessToken(), { code: "session_ended", reason: "replaced" });
  });

  test("during a refresh of the first gives nobody another user's token", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const open = server.hold("refresh_token");
    const call = connection.getAccessToken();
    await until(() => server.count("refresh_token") === 1);
    const bob = await client.login("bob", "pw");
    open();
    await rejects(call, { code: "session_ended", reason: "replaced" });
    assert.match(await bob.getAccessToken(), /-bob-/);
    assert.match(persistence.record.access_token, /-bob-/);
  });

  test("that is refused replaces nothing", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence });
    const alice = await client.login("alice", "pw");
    await rejects(client.login("bob", "wrong"), { code: "invalid_grant" });
    await settled();
    assert.equal(alice.getSnapshot().state, "active");
    assert.equal(server.count("revocation"), 0);
  });
});

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
      isWriting = true;
      await promise;
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
      async () => connection.getSnapshot(),
      async () => connection.subscribe(() => {}),
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
      async () => client.getSnapshot(),
      async () => client.subscribe(() => {}),
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
    assert.deepEqual(Object.keys(snapshot), ["state", "expiresAt", "scope", "generation", "error"]);
    assert.deepEqual(
      { ...snapshot, expiresAt: 0 },
      { state: "active", expiresAt: 0, scope: "granted", generation: 1, error: null },
    );
    assert.ok(Number.isInteger(snapshot.expiresAt));
    assert.ok(Object.isFrozen(snapshot));
    assert.equal(connection.getSnapshot(), snapshot);
    await connection.getAccessToken();
    assert.equal(connection.getSnapshot().generation, 2);
    assert.equal(snapshot.generation, 1);
    assertNoSecret(connection.getSnapshot());
  });

  test("say why the last refresh failed, until one succeeds", async () => {
    const { connection } = await expired();
    server.answer = () => json(503, { error_description: "later" });
    await rejects(connection.getAccessToken(), { code: "unavailable", status: 503 });
    assert.equal(connection.getSnapshot().error.code, "unavailable");
    assert.ok(connection.getSnapshot().error instanceof MeshyError);
    server.answer = () => undefined;
    await connection.getAccessToken();
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
    await until(() => heard.includes("client") && heard.includes("active"));
    for (const stop of stops) stop();
    for (const stop of stops) stop();
    heard.length = 0;
    await connection.signout();
    await settled();
    assert.deepEqual(heard, []);
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

describe("code of the application's that calls back at once", () => {
  /** Does everything there is to do, from wherever it is called, and notes what that threw. */
  function meddler(world) {
    const thrown = [];
    const calls = [];
    let isInside = false;
    const meddle = () => {
      if (isInside || calls.length > 500) return;
      isInside = true;
      const { client, connection } = world;
      for (const call of [
        () => client?.getSnapshot(),
        () => client?.subscribe(() => {})(),
        () => client?.restore(),
        () => connection?.getSnapshot(),
        () => connection?.retrievePersistanceToken(),
        () => connection?.subscribe(() => {})(),
        () => connection?.getAccessToken(),
        () => connection?.getAccessToken({ minValidity: 1 }),
      ]) {
        try {
          const result = call();
          if (result instanceof Promise) calls.push(result.catch((error) => error));
        } catch (error) {
          thrown.push(error);
        }
      }
      isInside = false;
    };
    return { meddle, thrown, calls };
  }

  const places = {
    "a store's read": ({ persistence }, meddle) => meddleBefore(persistence, "read", meddle),
    "a store's compareAndSet": ({ persistence }, meddle) => meddleBefore(persistence, "compareAndSet", meddle),
    "a store's watch": ({ persistence }, meddle) => meddleBefore(persistence, "watch", meddle),
    fetch: (world, meddle) => meddleBefore(world, "fetch", meddle),
    "a listener of the client": ({ client }, meddle) => client.subscribe(meddle),
    "a listener of the connection": (_world, meddle, connection) => connection?.subscribe(meddle),
  };
  function meddleBefore(object, name, meddle) {
    const method = object[name];
    object[name] = function (...args) {
      meddle();
      return method.apply(this, args);
    };
  }

  for (const [place, plant] of Object.entries(places)) {
    test(`from ${place}: nothing is thrown, and everything settles`, async () => {
      const persistence = new WatchedStore();
      const world = { persistence, fetch: server.fetch };
      const { meddle, thrown, calls } = meddler(world);
      if (!place.startsWith("a listener")) plant(world, meddle);
      world.client = await start({ persistence, fetch: (...args) => world.fetch(...args) });
      if (place.endsWith("client")) plant(world, meddle);
      world.connection = await world.client.login("alice", "pw");
      if (place.endsWith("connection")) plant(world, meddle, world.connection);
      for (let rotation = 0; rotation < 3; rotation += 1) {
        await world.connection.getAccessToken({ rejected: await world.connection.getAccessToken() });
      }
      await world.connection.signout();
      await settled();
      for (const call of await Promise.all(calls)) {
        if (call instanceof Error)
          assert.ok(call instanceof MeshyError && call.code === "session_ended", inspect(call));
      }
      assert.ok(calls.length > 0);
      assert.deepEqual(thrown, []);
      assert.equal(world.connection.getSnapshot().state, "ended");
    });
  }

  test("a fetch that signs out at once: the login is what it was asked to be", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    server.answer = ({ grant }) => {
      if (grant === "refresh_token") connection.signout();
    };
    await rejects(connection.getAccessToken({ rejected: await connection.getAccessToken() }), {
      code: "session_ended",
      reason: "signed_out",
    });
    await until(() => server.count("revocation") === 2);
  });

  test("a listener that logs in again does so", async () => {
    const client = await start();
    const { promise, open } = gate();
    const connection = await client.login("alice", "pw");
    const stop = connection.subscribe(() => {
      if (connection.getSnapshot().state !== "ended") return;
      stop();
      client.login("bob", "pw").then(open);
    });
    await connection.signout();
    await promise;
    assert.match(await client.getSnapshot().connection.getAccessToken(), /-bob-/);
  });
});

describe("a fetch of the application's own", () => {
  for (const [what, own, code] of [
    [
      "throws",
      () => {
        throw new Error(secret);
      },
      "network",
    ],
    ["rejects", () => Promise.reject(new TypeError(secret)), "network"],
    ["rejects with nothing", () => Promise.reject(), "network"],
    ["gives nothing", async () => undefined, undefined],
    ["gives no response", async () => ({ status: 200 }), undefined],
    ["gives a body of text", async () => ({ ...response(), body: "x" }), undefined],
    ["has a body that fails", async () => ({ ...response(), body: failing() }), "network"],
  ]) {
    test(`that ${what} is ${code ?? "an error"}, and shows nothing of it`, async () => {
      const error = await rejects(start({ fetch: own }).login("alice", secret), code ? { code } : {});
      assert.ok(["network", "invalid_response"].includes(error.code));
    });
  }
  function response() {
    return { status: 200, headers: new Headers({ "content-type": "application/json" }) };
  }
  function failing() {
    return new ReadableStream({ pull: (controller) => controller.error(new Error(secret)) });
  }

  test("that ignores its signal is given up after the timeout", async () => {
    const client = await start({ timeout: 5_000, fetch: () => new Promise(() => {}) });
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const call = rejection(client.login("alice", secret));
      await settled();
      mock.timers.tick(5_000);
      const error = await call;
      assert.equal(error.code, "timeout");
      assertNoSecret(error);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("against the development server", () => {
  let development;
  before(async () => {
    development = await startAuthorizationServer();
  });
  after(() => development.close());

  /** The platform's fetch, which makes every token arrive expired while `isShort`. */
  function shortened(world) {
    return async (url, init) => {
      const answer = await fetch(url, init);
      if (!world.isShort || !answer.ok || !url.endsWith("/token")) return answer;
      return json(answer.status, { ...(await answer.json()), expires_in: 0 });
    };
  }

  function open(world, options) {
    return initializeWithTenant("demo", "acme", "demo-public-key", {
      authUrl: development.url,
      fetch: shortened(world),
      ...options,
    });
  }

  async function me(connection) {
    const headers = { Authorization: `Bearer ${await connection.getAccessToken()}`, Tenant: "acme" };
    const answer = await fetch(`${development.url}/api/demo/me`, { headers });
    await answer.text();
    return answer.status;
  }

  test("log in, refresh at expiry, join, sign out", async () => {
    const world = { isShort: true };
    const client = await open(world);
    await rejects(client.login("carol", "canary"), {
      code: "invalid_grant",
      status: 400,
      error: "invalid_grant",
    });
    const first = await client.login("carol", "acme-secret");
    const saved = first.retrievePersistanceToken();
    world.isShort = false;
    const found = await Promise.all(Array.from({ length: 1_000 }, () => first.getAccessToken()));
    assert.equal(new Set(found).size, 1);
    const second = await client.loginWithPersistance(saved);
    for (const handle of [first, second]) assert.equal(await me(handle), 200);
    const token = await second.getAccessToken();
    await second.signout();
    const headers = { Authorization: `Bearer ${token}`, Tenant: "acme" };
    assert.equal((await fetch(`${development.url}/api/demo/me`, { headers })).status, 401);
    await rejects(client.loginWithPersistance(saved), { code: "invalid_grant" });
    assert.deepEqual(
      development.requests
        .filter(({ path }) => path.includes("connect"))
        .map(({ grant_type, status }) => [grant_type, status]),
      [
        ["password", 400],
        ["password", 200],
        ["refresh_token", 200],
        ["refresh_token", 200],
        [null, 200],
        ["refresh_token", 400],
      ],
    );
  });

  test("a restart from a store", async () => {
    const world = { isShort: true };
    const persistence = new MemoryStore();
    await (await open(world, { persistence })).login("carol", "acme-secret");
    world.isShort = false;
    const restored = await (await open(world, { persistence })).restore();
    assert.equal(await me(restored), 200);
    assert.equal(restored.getSnapshot().generation, 2);
  });

  test("a tenant that does not exist is refused", async () => {
    const client = await initializeWithTenant("demo", "nobody", "demo-public-key", { authUrl: development.url });
    await rejects(client.login("carol", "acme-secret"), { code: "refused", error: "invalid_request", status: 400 });
  });
});
