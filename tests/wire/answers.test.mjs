import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grant, reply, tokens } from "../shared/recorder.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { keepsSession, rejects, server, signedIn, start, tire } from "./setup.mjs";

/** Text of which each character is percent-encoded. */
function encoded(text) {
  return text.replace(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

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
    [
      "a 401 whose error is an object",
      401,
      refusal({ code: "refresh_token_reused", type: "invalid_request_error" }),
      {},
      { code: "refused", status: 401, error: undefined, retryable: false },
    ],
    [
      "a 401 whose error is empty",
      401,
      refusal("", { error_description: "Access token request error." }),
      {},
      { code: "refused", status: 401, retryable: false },
    ],
    ["an empty 400", 400, "", {}, { code: "refused", status: 400, error: undefined }],
    ["a 403 page", 403, "<html>", { "Content-Type": "text/html" }, { code: "refused", status: 403 }],
    ["a 407, which fetch keeps to itself,", 407, "", {}, { code: "network", status: undefined }],
    ["invalid_grant in a 404", 404, refusal("invalid_grant"), {}, { code: "invalid_grant", status: 404 }],
    ["invalid_grant that is no JSON", 400, "error=invalid_grant", {}, { code: "refused", error: undefined }],
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
    [
      "a 429 until a date, by the clock of the server",
      429,
      "",
      { Date: "Fri, 31 Dec 1999 23:59:00 GMT", "Retry-After": "Fri, 31 Dec 1999 23:59:42 GMT" },
      { code: "rate_limited", retryAfter: 42 },
    ],
    [
      "a 503 until a date, by a clock that is ahead",
      503,
      "",
      { Date: "Fri, 31 Dec 2199 23:59:00 GMT", "Retry-After": "Fri, 31 Dec 2199 23:59:07 GMT" },
      { code: "unavailable", retryAfter: 7 },
    ],
    [
      "a 429 until a date, and no clock",
      429,
      "",
      { Date: "noon", "Retry-After": "Fri, 31 Dec 2199 23:59:59 GMT" },
      { code: "rate_limited", retryAfter: 3600 },
    ],
    ["a 429 until nonsense", 429, "", { "Retry-After": "soon" }, { code: "rate_limited", retryAfter: undefined }],
    ["a 500", 500, refusal("invalid_grant"), {}, { code: "unavailable", status: 500, error: undefined }],
    ["a 503", 503, "<html>", { "Content-Type": "text/html" }, { code: "unavailable", status: 503, retryable: true }],
    ["a 503 with Retry-After", 503, "", { "Retry-After": "2" }, { code: "unavailable", retryAfter: 2 }],
    ["a page", 200, "<!doctype html>", { "Content-Type": "text/html" }, { code: "invalid_response", status: 200 }],
    ["a page that says it is JSON", 200, "<!doctype html>", {}, { code: "invalid_response", status: 200 }],
    ["tokens in a page", 200, set(), { "Content-Type": "text/html" }, { code: "invalid_response" }],
    [
      "tokens in a form",
      200,
      new URLSearchParams(tokens()).toString(),
      { "Content-Type": "application/x-www-form-urlencoded" },
      { code: "invalid_response", status: 200 },
    ],
    ["tokens in another JSON", 200, set(), { "Content-Type": `${json}p` }, { code: "invalid_response" }],
    ["a 204", 204, "", {}, { code: "invalid_response", status: 204 }],
    ["an empty 200", 200, "", {}, { code: "invalid_response", status: 200 }],
    ["half of the JSON", 200, set().slice(0, 40), {}, { code: "invalid_response" }],
    ["an array", 200, `[${set()}]`, {}, { code: "invalid_response" }],
    ["null", 200, "null", {}, { code: "invalid_response" }],
    ["a string", 200, JSON.stringify(set()), {}, { code: "invalid_response" }],
    ["a byte order mark", 200, `\ufeff${set()}`, {}, { code: "invalid_response" }],
    ["a number that is none", 200, `{"expires_in":NaN,${set().slice(1)}`, {}, { code: "invalid_response" }],
    ["very deep JSON", 200, "[".repeat(65_000), {}, { code: "invalid_response" }],
    ["inherited members", 200, `{"__proto__":${set()}}`, {}, { code: "invalid_response" }],
    ["no access token", 200, set({ access_token: undefined }), {}, { code: "invalid_response" }],
    ["an empty access token", 200, set({ access_token: "" }), {}, { code: "invalid_response" }],
    ["an access token with a line break", 200, set({ access_token: "a\r\nb" }), {}, { code: "invalid_response" }],
    ["an access token in Unicode", 200, set({ access_token: "é" }), {}, { code: "invalid_response" }],
    [
      "an access token with half a surrogate pair",
      200,
      set({ access_token: "\ud800" }),
      {},
      { code: "invalid_response" },
    ],
    ["an access token that is an object", 200, set({ access_token: {} }), {}, { code: "invalid_response" }],
    ["a refresh token that is a number", 200, set({ refresh_token: 5 }), {}, { code: "invalid_response" }],
    ["a 200 that says an error", 200, refusal("odd"), {}, { code: "refused", status: 200, error: "odd" }],
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
      const persistence = new MemoryStore();
      const client = await start({ persistence, timeout: 2_000, reuseWindow: 0 });
      await rejects(client.login("u", "p"), expected);
      server.answer = (_request, socket) => grant(socket);
      const connection = await client.login("u", "p");
      if (!expected.retryAfter) tire(persistence);
      server.answer = fault;
      await keepsSession(connection, expected);
    });
  }

  for (const error of [
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
  ]) {
    test(`${error} is asked for once, and the session goes on`, async () => {
      const connection = await start().login("u", "p");
      server.answer = (_request, socket) => reply(socket, 400, { error });
      const expected = { code: "refused", error, status: 400, retryable: false };
      await rejects(connection.getAccessToken(), expected);
      assert.equal(server.requests.length, 2);
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

  for (const [what, echo, expected] of [
    ["all of it", (secret) => secret, undefined],
    ["six characters of it", (secret) => `no ${secret.slice(3, 9)}!`, undefined],
    ["six characters of it, percent-encoded,", (secret) => `no ${encoded(secret.slice(3, 9))}!`, undefined],
    ["five characters of it", (secret) => `no ${secret.slice(3, 8)}!`, "five"],
  ]) {
    for (const member of ["error", "error_description"]) {
      test(`${member} with a secret, ${what} is ${expected ? "told" : "dropped"}`, async () => {
        const password = "Zq7-wX5~kJ3+aB8";
        const token = "Vb8-nM2~hG6+tR9";
        const words = (secret) => ({ error: "invalid_scope", error_description: "odd", [member]: echo(secret) });
        const hidden = { error: undefined, error_description: undefined };
        const told = (secret) => {
          if (expected) return words(secret);
          return member === "error" ? hidden : { ...hidden, error: "invalid_scope" };
        };
        const client = await start();
        server.answer = (_request, socket) => reply(socket, 400, words(password));
        await rejects(client.login("u", password), { code: "refused", status: 400, ...told(password) });
        server.answer = (_request, socket) => grant(socket, { refresh_token: token });
        const connection = await client.login("u", password);
        server.answer = (_request, socket) => reply(socket, 400, words(token));
        await rejects(connection.getAccessToken(), { code: "refused", status: 400, ...told(token) });
        assert.equal(JSON.stringify(connection.getSnapshot()).includes(echo(token)), Boolean(expected));
      });
    }
  }

  const plain = "s3cret-token";
  for (const [what, password, words, isTold] of [
    ["plus signs", "a+b+c+d+e+f+", "no a+b+c+d+e+!"],
    ["spaces", "my old cat", "my old?"],
    ["a percent sign and digits", "100%abcd", "not 100%ab!"],
    ["letters that are not shown", "pässwörd", "is pässwörd right?"],
    ["nothing but letters that are not shown, percent-encoded,", "пароль", `${encodeURIComponent("пароль")}?`],
    ["characters that are not shown", 'a"b\\c"d\\e"f', 'a"b\\c"d\\e"f?'],
    ["characters that are told without what stands between them", plain, 's3c"r\\e\u{7f}t'],
    ["the end of it", plain, "-token"],
    ["nothing but five of its characters at each end", plain, "it begins with s3cre, it ends with token", true],
    ["another case", plain, "S3CRET-TOKEN", true],
    ["some of its letters percent-encoded", plain, "s3%63re%74-"],
    ["a small letter in its percent-encoding", plain, "token=s3cret%2dtoken"],
    ["a percent sign before it", plain, "100%s3cret"],
    ["what is no percent-encoding", plain, "%s3cre %7 %", true],
    ["an ampersand, form-encoded,", "a/b&c=d+", "no token a%2Fb%26c%3Dd%2B"],
    ["three characters, between others,", "abc", "xabcx"],
    ["three characters, one percent-encoded,", "abc", "%61bc"],
    ["three characters, not in a row,", "abc", "ab c", true],
  ]) {
    test(`words with a part of a password with ${what} are ${isTold ? "told" : "dropped"}`, async () => {
      server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_scope", error_description: words });
      const told = { error: "invalid_scope", error_description: isTold ? words : undefined };
      await rejects(start().login("u", password), told);
    });
  }

  test("what invalid_grant means does not depend on the password", async () => {
    server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_grant", error_description: "why" });
    const told = { code: "invalid_grant", error: "invalid_grant", error_description: "why" };
    await rejects(start().login("u", "invalid_grant"), told);
  });

  for (const word of [7, null, ["a"], { toString: 1 }]) {
    test(`${JSON.stringify(word)} instead of words is not told`, async () => {
      server.answer = (_request, socket) => reply(socket, 400, { error: word, error_description: word });
      await rejects(start().login("u", "p"), { code: "refused", error: undefined, error_description: undefined });
    });
  }

  test("invalid_grant whose description holds the refresh token ends the session without it", async () => {
    const { connection } = await signedIn({ isOld: true });
    const token = connection.retrievePersistanceToken();
    server.answer = (_request, socket) =>
      reply(socket, 400, { error: "invalid_grant", error_description: `${token} is unknown` });
    const ended = { code: "session_ended", reason: "invalid_grant", status: 400 };
    await rejects(connection.getAccessToken(), { ...ended, error: "invalid_grant", error_description: undefined });
  });

  test("invalid_grant for the refresh token ends the session", async () => {
    const connection = await start().login("u", "p");
    const from = server.requests.length;
    const begun = performance.now();
    server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_grant" });
    const ended = { code: "session_ended", reason: "invalid_grant", status: 400, error: "invalid_grant" };
    await rejects(connection.getAccessToken(), ended);
    // The token is seconds old: a part of the server may not know it yet, and is asked after 1 s and 2 s.
    assert.equal(server.requests.length, from + 3);
    assert.ok(performance.now() - begun >= 2_900);
    assert.equal(connection.getSnapshot().state, "ended");
    assert.equal(connection.retrievePersistanceToken(), null);
    server.answer = (_request, socket) => grant(socket);
    const before = server.requests.length;
    await rejects(connection.getAccessToken(), ended);
    assert.equal(server.requests.length, before);
  });

  test("invalid_grant for a refresh token that the server knows a second later ends nothing", async () => {
    const connection = await start().login("u", "p");
    const token = connection.retrievePersistanceToken();
    let given;
    server.answer = (_request, socket) => {
      server.answer = (_, next) => {
        given = grant(next);
      };
      reply(socket, 401, { error: "invalid_grant" });
    };
    assert.equal(await connection.getAccessToken(), given?.access_token);
    const [, ...refreshes] = server.bodies();
    const sent = `grant_type=refresh_token&client_id=demo-key&refresh_token=${token}`;
    assert.deepEqual(refreshes, [sent, sent]);
    assert.equal(connection.getSnapshot().error, null);
  });

  for (const [what, status, type] of [
    ["a 401", 401, json],
    ["a 403", 403, json],
    ["another media type", 400, "text/html"],
    ["no media type", 403, ""],
  ]) {
    test(`invalid_grant in ${what} ends the session`, async () => {
      const { connection, persistence } = await signedIn({ isOld: true });
      server.answer = (_request, socket) => reply(socket, status, refusal("invalid_grant"), { "Content-Type": type });
      const ended = { code: "session_ended", reason: "invalid_grant", status, error: "invalid_grant" };
      await rejects(connection.getAccessToken(), ended);
      assert.equal(server.requests.length, 1);
      assert.equal(persistence.record.ended, "invalid_grant");
    });
  }
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
    ["a fraction", "1.5", 1],
    ["a fraction in a text", '"1.5"', 1],
    ["null", "null", null],
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
