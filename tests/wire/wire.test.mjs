import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { initialize, initializeWithTenant, MeshyError } from "../../pkg/index.js";
import { grant, head, reply, startRecorder, tokens } from "./recorder.mjs";

const form = "application/x-www-form-urlencoded";
let server;
let elsewhere;
before(async () => {
  server = await startRecorder();
  elsewhere = await startRecorder((_request, socket) => grant(socket));
});
beforeEach(() => {
  server.answer = (_request, socket) => grant(socket);
  server.requests.length = 0;
  elsewhere.requests.length = 0;
});
after(async () => {
  await Promise.all([server.close(), elsewhere.close()]);
});

function start(options) {
  return initialize("demo", "demo-key", { authUrl: server.url, ...options });
}

describe("what is sent", () => {
  test("a login, to the byte", async () => {
    await initializeWithTenant("demo", "acme", "demo-key", { authUrl: server.url }).login("alice", "wonderland");
    assert.equal(server.requests.length, 1);
    const [{ method, path, version, header, body }] = server.requests;
    assert.deepEqual([method, path, version], ["POST", "/demo/connect/token", "HTTP/1.1"]);
    assert.deepEqual(header("content-type"), [form]);
    assert.deepEqual(header("accept"), ["application/json"]);
    assert.deepEqual(header("tenant"), ["acme"]);
    assert.equal(
      body,
      "grant_type=password&client_id=demo-key&username=alice&password=wonderland&scope=meshy.api+offline_access",
    );
    assert.deepEqual(header("content-length"), [String(body.length)]);
  });

  test("a refresh, to the byte", async () => {
    server.answer = (_request, socket) => grant(socket, { refresh_token: "a/+=b~c" });
    const connection = await initializeWithTenant("demo", "acme", "demo-key", { authUrl: server.url }).login("a", "b");
    await connection.getAccessToken();
    const { method, path, header, body } = server.requests[1];
    assert.deepEqual([method, path], ["POST", "/demo/connect/token"]);
    assert.deepEqual(header("content-type"), [form]);
    assert.deepEqual(header("tenant"), ["acme"]);
    assert.equal(body, "grant_type=refresh_token&client_id=demo-key&refresh_token=a%2F%2B%3Db%7Ec");
    assert.equal(server.requests.length, 2);
  });

  test("loginWithPersistance is a refresh", async () => {
    await start().loginWithPersistance("saved~token");
    assert.deepEqual(server.bodies(), ["grant_type=refresh_token&client_id=demo-key&refresh_token=saved%7Etoken"]);
  });

  test("a revocation, to the byte", async () => {
    const client = await initializeWithTenant("demo", "acme", "demo-key", { authUrl: server.url });
    server.answer = (_request, socket) => grant(socket, { refresh_token: "r/1" });
    const connection = await client.login("a", "b");
    server.answer = (_request, socket) => reply(socket, 200);
    await connection.signout();
    assert.equal(server.requests.length, 2);
    const { method, path, header, body } = server.requests[1];
    assert.deepEqual([method, path], ["POST", "/demo/connect/revocation"]);
    assert.deepEqual(header("content-type"), [form]);
    assert.deepEqual(header("tenant"), ["acme"]);
    assert.equal(body, "token=r%2F1&token_type_hint=refresh_token&client_id=demo-key");
  });

  for (const [what, tenant] of [
    ["no", undefined],
    ["a null", null],
    ["an empty", ""],
  ]) {
    test(`${what} tenant means no header`, async () => {
      const client = await initializeWithTenant("demo", tenant, "demo-key", { authUrl: server.url });
      const connection = await client.login("a", "b");
      await connection.getAccessToken();
      await connection.signout();
      assert.equal(server.requests.length, 3);
      for (const { header } of server.requests) assert.deepEqual(header("tenant"), []);
    });
  }

  test("no request carries a cookie, a credential, an origin or a referrer", async () => {
    server.answer = (_request, socket) => reply(socket, 200, tokens(), { "Set-Cookie": "sid=1; Path=/" });
    const connection = await start().login("a", "b");
    await connection.getAccessToken();
    await connection.signout();
    assert.equal(server.requests.length, 3);
    for (const { header, path } of server.requests) {
      for (const name of ["cookie", "authorization", "referer", "origin"]) assert.deepEqual(header(name), [], name);
      assert.equal(path.includes("?"), false);
    }
  });

  test("any Unicode in user name and password, as a form", async () => {
    await start({ scope: "" }).login("zoë 漢字😀", 'p&=+%~*-._"\\/\r\n\0\u0085');
    assert.deepEqual(server.bodies(), [
      "grant_type=password&client_id=demo-key&username=zo%C3%AB+%E6%BC%A2%E5%AD%97%F0%9F%98%80" +
        "&password=p%26%3D%2B%25%7E*-._%22%5C%2F%0D%0A%00%C2%85",
    ]);
  });

  test("every character as the URL standard writes a form", async () => {
    const ascii = String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1));
    const fields = {
      grant_type: "password",
      client_id: "demo-key",
      username: ascii,
      password: "¡ÿĀ\u07ff\u0800\uffff𐀀",
    };
    await start({ scope: "" }).login(fields.username, fields.password);
    assert.deepEqual(server.bodies(), [new URLSearchParams(fields).toString()]);
  });

  test("a lone surrogate as the replacement character", async () => {
    await start({ scope: "" }).login("a\ud800b", "c");
    assert.deepEqual(server.bodies(), ["grant_type=password&client_id=demo-key&username=a%EF%BF%BDb&password=c"]);
  });

  test("every visible character in the public key", async () => {
    const publicKey = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => index + 33));
    await initialize("demo", publicKey, { authUrl: server.url }).loginWithPersistance("t");
    const fields = { grant_type: "refresh_token", client_id: publicKey, refresh_token: "t" };
    assert.deepEqual(server.bodies(), [new URLSearchParams(fields).toString()]);
  });

  test("the scope that was configured", async () => {
    await start({ scope: "a b" }).login("u", "p");
    assert.deepEqual(server.bodies(), ["grant_type=password&client_id=demo-key&username=u&password=p&scope=a+b"]);
  });

  test("authUrl may have a path, with or without a slash at its end", async () => {
    for (const base of ["/auth/v1", "/auth/v1/"]) {
      await start({ authUrl: server.url + base }).login("u", "p");
      assert.equal(server.requests.at(-1).path, "/auth/v1/demo/connect/token");
    }
  });

  test("a given token endpoint: no scope and no revocation of its own accord", async () => {
    const client = await start({ authUrl: undefined, tokenEndpoint: `${server.url}/oauth/token` });
    const connection = await client.login("u", "p");
    await connection.getAccessToken();
    await connection.signout();
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ["/oauth/token", "/oauth/token"],
    );
    assert.equal(server.requests[0].body, "grant_type=password&client_id=demo-key&username=u&password=p");
  });

  test("a given revocation endpoint", async () => {
    const endpoints = { tokenEndpoint: `${server.url}/t`, revocationEndpoint: `${server.url}/r`, scope: "s" };
    const connection = await start(endpoints).login("u", "p");
    const token = connection.retrievePersistanceToken();
    await connection.signout();
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ["/t", "/r"],
    );
    assert.equal(server.requests[1].body, `token=${token}&token_type_hint=refresh_token&client_id=demo-key`);
  });

  test("nothing at all by initialize, and nothing for a token that is still valid", async () => {
    server.answer = (_request, socket) => grant(socket, { expires_in: 3600 });
    const client = await start();
    assert.equal(server.requests.length, 0);
    const connection = await client.login("u", "p");
    for (let call = 0; call < 10; call += 1) await connection.getAccessToken();
    assert.equal(server.requests.length, 1);
  });
});

describe("a fetch of the application's own", () => {
  test("gets the URL and exactly this init", async () => {
    const calls = [];
    const own = (...args) => {
      calls.push(args);
      return fetch(...args);
    };
    const client = await initializeWithTenant("demo", "acme", "demo-key", { authUrl: server.url, fetch: own });
    const connection = await client.login("alice", "wonderland");
    await connection.signout();
    assert.deepEqual(
      calls.map((args) => args.length),
      [2, 2],
    );
    for (const [index, keepalive] of [false, true].entries()) {
      const [url, { signal, body, ...init }] = calls[index];
      assert.equal(url, `${server.url}/demo/connect/${keepalive ? "revocation" : "token"}`);
      assert.ok(signal instanceof AbortSignal);
      assert.equal(typeof body, "string");
      assert.equal(body, server.requests[index].body);
      assert.deepEqual(init, {
        method: "POST",
        headers: { "content-type": form, accept: "application/json", tenant: "acme" },
        keepalive,
        redirect: "manual",
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
    }
  });

  test("is found when it is used where it is the platform's", async () => {
    const { fetch: platform } = globalThis;
    const client = await start();
    let calls = 0;
    globalThis.fetch = (...args) => {
      calls += 1;
      return platform(...args);
    };
    try {
      await client.login("u", "p");
    } finally {
      globalThis.fetch = platform;
    }
    assert.equal(calls, 1);
  });
});

describe("a redirect", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`${status} is never followed`, async () => {
      const redirect = (_request, socket) =>
        reply(socket, status, "", { Location: `${elsewhere.url}/demo/connect/token` });
      server.answer = redirect;
      await assert.rejects(start().login("alice", "wonderland"), { code: "invalid_response", status });

      server.answer = (_request, socket) => grant(socket);
      const connection = await start().login("alice", "wonderland");
      server.answer = redirect;
      await keepsSession(connection, { code: "invalid_response", status });
      server.answer = redirect;
      await connection.signout();
      assert.deepEqual(elsewhere.requests, []);
    });
  }

  test("on the same server is not followed either", async () => {
    server.answer = ({ path }, socket) =>
      path === "/next" ? grant(socket) : reply(socket, 307, "", { Location: "/next" });
    await assert.rejects(start().login("alice", "wonderland"), { code: "invalid_response", status: 307 });
    assert.ok(server.requests.every(({ path }) => path === "/demo/connect/token"));
  });
});

describe("an answer that is no token", () => {
  const json = "application/json";
  const refusal = (error, more) => JSON.stringify({ error, ...more });
  const set = (change) => JSON.stringify(tokens(change));
  const faults = [
    // what, status, body, headers, expected error
    [
      "a refused client",
      401,
      refusal("invalid_client"),
      {},
      { code: "refused", error: "invalid_client", retryable: false },
    ],
    ["an unknown OAuth error", 400, refusal("x_y"), {}, { code: "refused", error: "x_y", status: 400 }],
    ["an empty 400", 400, "", {}, { code: "refused", status: 400, error: undefined }],
    ["a 403 page", 403, "<html>", { "Content-Type": "text/html" }, { code: "refused", status: 403 }],
    ["a 407, which fetch keeps to itself,", 407, "", {}, { code: "network", status: undefined }],
    ["invalid_grant in a 401", 401, refusal("invalid_grant"), {}, { code: "invalid_grant", status: 401 }],
    [
      "invalid_grant that is no JSON",
      400,
      refusal("invalid_grant"),
      { "Content-Type": "text/plain" },
      { code: "refused", error: undefined },
    ],
    ["a 408", 408, "", {}, { code: "unavailable", status: 408, retryable: true }],
    ["a 425", 425, "", {}, { code: "unavailable", status: 425, retryable: true }],
    ["a 429", 429, "", {}, { code: "rate_limited", status: 429, retryable: true, retryAfter: undefined }],
    ["a 429 with Retry-After", 429, "", { "Retry-After": "7" }, { code: "rate_limited", retryAfter: 7 }],
    ["a 429 for longer than an hour", 429, "", { "Retry-After": "90000" }, { code: "rate_limited", retryAfter: 3600 }],
    [
      "a 429 until a date",
      429,
      "",
      { "Retry-After": "Fri, 31 Dec 2199 23:59:59 GMT" },
      { code: "rate_limited", retryAfter: 3600 },
    ],
    [
      "a 429 until a date that is over",
      429,
      "",
      { "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT" },
      { code: "rate_limited", retryAfter: 0 },
    ],
    ["a 429 until nonsense", 429, "", { "Retry-After": "soon" }, { code: "rate_limited", retryAfter: undefined }],
    ["a 500", 500, refusal("invalid_grant"), {}, { code: "unavailable", status: 500, error: undefined }],
    ["a 503", 503, "<html>", { "Content-Type": "text/html" }, { code: "unavailable", status: 503, retryable: true }],
    ["a 503 with Retry-After", 503, "", { "Retry-After": "2" }, { code: "unavailable", retryAfter: 2 }],
    ["a page", 200, "<!doctype html>", { "Content-Type": "text/html" }, { code: "invalid_response", status: 200 }],
    ["a page that says it is JSON", 200, "<!doctype html>", {}, { code: "invalid_response", status: 200 }],
    ["tokens in a page", 200, set(), { "Content-Type": "text/html" }, { code: "invalid_response" }],
    ["tokens in another JSON", 200, set(), { "Content-Type": `${json}p` }, { code: "invalid_response" }],
    ["tokens in a 201", 201, set(), {}, { code: "invalid_response", status: 201 }],
    ["an empty 200", 200, "", {}, { code: "invalid_response", status: 200 }],
    ["half of the JSON", 200, set().slice(0, 40), {}, { code: "invalid_response" }],
    ["an array", 200, `[${set()}]`, {}, { code: "invalid_response" }],
    ["null", 200, "null", {}, { code: "invalid_response" }],
    ["a string", 200, JSON.stringify(set()), {}, { code: "invalid_response" }],
    ["very deep JSON", 200, "[".repeat(65_000), {}, { code: "invalid_response" }],
    ["inherited members", 200, `{"__proto__":${set()}}`, {}, { code: "invalid_response" }],
    ["no access token", 200, set({ access_token: undefined }), {}, { code: "invalid_response" }],
    ["an empty access token", 200, set({ access_token: "" }), {}, { code: "invalid_response" }],
    ["an access token with a line break", 200, set({ access_token: "a\r\nb" }), {}, { code: "invalid_response" }],
    ["an access token in Unicode", 200, set({ access_token: "é" }), {}, { code: "invalid_response" }],
    ["an access token that is an object", 200, set({ access_token: {} }), {}, { code: "invalid_response" }],
    ["a refresh token that is a number", 200, set({ refresh_token: 5 }), {}, { code: "invalid_response" }],
    ["a refresh token that is null", 200, set({ refresh_token: null }), {}, { code: "invalid_response" }],
    ["a refresh token with a space", 200, set({ refresh_token: "a b" }), {}, { code: "invalid_response" }],
    ["no token type", 200, set({ token_type: undefined }), {}, { code: "invalid_response" }],
    ["another token type", 200, set({ token_type: "mac" }), {}, { code: "invalid_response" }],
    ["a body over 64 KiB", 200, set().padEnd(65_537), {}, { code: "invalid_response", status: 200 }],
    [
      "invalid UTF-8",
      200,
      Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from(`",${set().slice(1)}`)]),
      {},
      { code: "invalid_response" },
    ],
    [
      "UTF-8 that ends in the middle of a character",
      200,
      Buffer.concat([Buffer.from(set()), Buffer.from([0xe2, 0x82])]),
      {},
      { code: "invalid_response" },
    ],
  ];
  for (const [what, status, body, headers, expected] of faults) {
    test(`${what} is ${expected.code}, and the session goes on`, async () => {
      const fault = (_request, socket) => reply(socket, status, body, headers);
      server.answer = fault;
      const client = await start({ timeout: 1_000 });
      await rejects(client.login("u", "p"), expected);
      server.answer = (_request, socket) => grant(socket);
      const connection = await client.login("u", "p");
      server.answer = fault;
      await keepsSession(connection, expected);
    });
  }

  test("wrong credentials are invalid_grant, and the same client can log in", async () => {
    const client = await start();
    server.answer = (_request, socket) =>
      reply(socket, 400, { error: "invalid_grant", error_description: 'wrong "user"\r\n name é' });
    await rejects(client.login("alice", "mistyped"), {
      code: "invalid_grant",
      status: 400,
      retryable: false,
      error: "invalid_grant",
      error_description: "wrong user name ",
      reason: undefined,
    });
    assert.equal(server.requests.length, 1);
    server.answer = (_request, socket) => grant(socket);
    assert.match(await (await client.login("alice", "wonderland")).getAccessToken(), /^at-/);
  });

  test("an error description is cut to 256 characters", async () => {
    server.answer = (_request, socket) =>
      reply(socket, 400, { error: "e".repeat(300), error_description: "d".repeat(300) });
    await rejects(start().login("u", "p"), { error: "e".repeat(256), error_description: "d".repeat(256) });
  });

  test("invalid_grant for the refresh token ends the session", async () => {
    const connection = await start().login("u", "p");
    server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_grant" });
    const ended = { code: "session_ended", reason: "invalid_grant", status: 400, error: "invalid_grant" };
    await rejects(connection.getAccessToken(), ended);
    assert.equal(connection.getSnapshot().state, "ended");
    assert.equal(connection.retrievePersistanceToken(), null);
    server.answer = (_request, socket) => grant(socket);
    const before = server.requests.length;
    await rejects(connection.getAccessToken(), ended);
    assert.equal(server.requests.length, before);
  });
});

describe("an answer that is accepted", () => {
  const parameters = "application/json; charset=utf-8";
  for (const [what, body, headers] of [
    ["with parameters in its media type", JSON.stringify(tokens()), { "Content-Type": parameters }],
    ["with a media type in capitals", JSON.stringify(tokens()), { "Content-Type": "Application/JSON" }],
    ["with bearer in small letters", JSON.stringify(tokens({ token_type: "bearer" }))],
    ["with members that nobody knows", JSON.stringify(tokens({ constructor: 1, ["__proto__"]: 2, id_token: "x" }))],
    ["of exactly 64 KiB", JSON.stringify(tokens()).padEnd(65_536)],
  ]) {
    test(what, async () => {
      server.answer = (_request, socket) => reply(socket, 200, body, headers);
      const connection = await start().login("u", "p");
      assert.equal(connection.retrievePersistanceToken(), JSON.parse(body).refresh_token);
    });
  }

  test("without a refresh token keeps the one there is", async () => {
    const connection = await start().login("u", "p");
    const kept = connection.retrievePersistanceToken();
    server.answer = (_request, socket) => grant(socket, { refresh_token: undefined });
    await connection.getAccessToken();
    await connection.getAccessToken();
    assert.equal(connection.retrievePersistanceToken(), kept);
    assert.deepEqual(new Set(server.bodies().slice(1)).size, 1);
    assert.equal(server.requests.length, 3);
  });

  for (const [what, expiresIn, expected] of [
    ["a number", "3600", 3600],
    ["digits", '"3600"', 3600],
    ["over a year", "1e12", 365 * 24 * 3600],
    ["infinite", "1e400", null],
    ["a fraction", "1.5", null],
    ["negative", "-5", 0],
    ["minus zero", "-0", 0],
    ["nonsense", '"soon"', null],
    ["an object", "{}", null],
  ]) {
    test(`whose lifetime is ${what} lives for ${expected ?? "an unknown number of"} seconds`, async () => {
      const body = JSON.stringify(tokens({ expires_in: "@" })).replace('"@"', expiresIn);
      server.answer = (_request, socket) => reply(socket, 200, body);
      const earliest = Date.now();
      const { expiresAt } = (await start().login("u", "p")).getSnapshot();
      if (expected === null) return assert.equal(expiresAt, null);
      assert.ok(expiresAt >= earliest + expected * 1000 && expiresAt <= Date.now() + expected * 1000);
    });
  }

  test("that is expired on arrival costs one request for each call", async () => {
    const connection = await start().login("u", "p");
    for (let call = 1; call <= 3; call += 1) {
      await connection.getAccessToken();
      assert.equal(server.requests.length, 1 + call);
    }
  });
});

describe("an answer that does not come", () => {
  const faults = [
    ["a server that says nothing", () => {}, "timeout"],
    [
      "a body that stops",
      (socket) => socket.write(`${head(200, { "Content-Type": "application/json" })}{"a`),
      "timeout",
    ],
    ["a reset", (socket) => socket.resetAndDestroy(), "network"],
    ["a connection that closes", (socket) => socket.end(), "network"],
    [
      "a body that is cut",
      (socket) => socket.end(`${head(200, { "Content-Type": "application/json", "Content-Length": 500 })}{"a`),
      "network",
    ],
    ["what is no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "network"],
  ];
  for (const [what, misbehave, code] of faults) {
    test(`${what} is ${code}, and the session goes on`, async () => {
      const closing = [];
      const fault = (_request, socket) => {
        closing.push(closed(socket));
        misbehave(socket);
      };
      const client = await start({ timeout: code === "timeout" ? 50 : 10_000 });
      server.answer = fault;
      await rejects(client.login("u", "p"), { code, retryable: true, status: undefined });
      server.answer = (_request, socket) => grant(socket);
      const connection = await client.login("u", "p");
      server.answer = fault;
      await keepsSession(connection, { code, retryable: true });
      // Nothing stays open towards a server that never answers.
      assert.ok(closing.length >= 2);
      await Promise.all(closing);
    });
  }

  test("a server that is not there is network", async () => {
    const gone = await startRecorder();
    await gone.close();
    await rejects(start({ authUrl: gone.url }).login("u", "p"), { code: "network", retryable: true });
  });

  test("a body without end is given up after 64 KiB, and the connection closed", async () => {
    const closing = [];
    const endless = (_request, socket) => {
      closing.push(closed(socket));
      socket.write(head(200, { "Content-Type": "application/json", Connection: "close" }));
      const more = () => {
        while (!socket.destroyed && socket.write(" ".repeat(16_384)));
        socket.once("drain", more);
      };
      more();
    };
    const client = await start();
    server.answer = endless;
    await rejects(client.login("u", "p"), { code: "invalid_response", status: 200 });
    server.answer = (_request, socket) => grant(socket);
    const connection = await client.login("u", "p");
    server.answer = endless;
    await keepsSession(connection, { code: "invalid_response" });
    assert.ok(closing.length >= 2);
    await Promise.all(closing);
  });

  test("of a body without end 64 KiB and one chunk are read, and the rest is cancelled", async () => {
    const chunk = new Uint8Array(1_024).fill(32);
    let pulled = 0;
    let cancelled = 0;
    const endless = async () => {
      const body = new ReadableStream(
        {
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(chunk);
          },
          cancel: () => {
            cancelled += 1;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { "Content-Type": "application/json" } });
    };
    await rejects(start({ fetch: endless }).login("u", "p"), { code: "invalid_response" });
    assert.equal(pulled, 65);
    assert.equal(cancelled, 1);
  });

  test("a revocation may fail in any way: sign-out resolves", async () => {
    for (const misbehave of [
      ...faults.map(([, fault]) => fault),
      (socket) => reply(socket, 503),
      (socket) => reply(socket, 400, { error: "invalid_request" }),
    ]) {
      const connection = await start({ timeout: 50 }).login("u", "p");
      server.answer = (_request, socket) => misbehave(socket);
      assert.equal(await connection.signout(), undefined);
      assert.equal(server.requests.at(-1).path, "/demo/connect/revocation");
      server.answer = (_request, socket) => grant(socket);
    }
  });
});

function closed(socket) {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** While the server answers like this a call fails as `expected`; afterwards the session is what it was. */
async function keepsSession(connection, expected) {
  const kept = connection.retrievePersistanceToken();
  const { generation } = connection.getSnapshot();
  const from = server.requests.length;
  await rejects(connection.getAccessToken(), expected);
  const snapshot = connection.getSnapshot();
  assert.notEqual(snapshot.state, "ended");
  assert.equal(snapshot.generation, generation);
  assert.equal(snapshot.error.code, expected.code);
  assert.equal(connection.retrievePersistanceToken(), kept);
  let given;
  server.answer = (_request, socket) => {
    given = grant(socket);
  };
  assert.equal(await connection.getAccessToken(), given.access_token);
  assert.equal(connection.retrievePersistanceToken(), given.refresh_token);
  assert.equal(connection.getSnapshot().error, null);
  const sent = `grant_type=refresh_token&client_id=demo-key&refresh_token=${kept}`;
  assert.ok(server.requests.length >= from + 2);
  for (const body of server.bodies().slice(from)) assert.equal(body, sent);
}

async function rejects(promise, expected) {
  const error = await promise.then(
    () => assert.fail("resolved"),
    (reason) => reason,
  );
  assert.ok(error instanceof MeshyError, error);
  assert.ok(error.message.startsWith(error.code), error.message);
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error.message}`);
}
