import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import {
  entry,
  entryUrl,
  expired,
  fakeServerUrl,
  initialize,
  initializeWithTenant,
  longText,
  MeshyClient,
  MeshyError,
  rejects,
  secret,
  server,
  start,
} from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { runModule } from "../shared/processes.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { rejection } from "../shared/waiting.mjs";

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
    reuseWindow: [null, "5", true, {}, Number.NaN, -1, 3_600_001, Number.POSITIVE_INFINITY],
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
        assert.ok(error.message.startsWith(`invalid_argument: ${argument} must `), error.message);
        assert.equal(error.retryable, false);
      }
      assert.equal(server.requests.length, 0);
    });
  }

  const credentials = [undefined, null, 5, true, {}, [], Symbol(secret), "", "é".repeat(65_537), `${secret}\ud800`];
  const calls = {
    username: [credentials, (client, value) => client.login(value, secret)],
    password: [credentials, (client, value) => client.login("alice", value)],
    refreshToken: [
      [undefined, null, 5, {}, [], "", `${secret} b`, "é", `${secret}\r\n`, "x".repeat(65_537)],
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
      ["a".repeat(128), null, "!~", { timeout: 1, reuseWindow: 0, slot: "é", scope: "" }],
      [
        "0._~-",
        "a b",
        "x".repeat(1_024),
        { timeout: 3_600_000, reuseWindow: 3_600_000, slot: "x".repeat(1_024), scope: "a b" },
      ],
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
    await client.adopt({ access_token: "a", token_type: "bEaReR", refresh_token: "x".repeat(65_536) });
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
