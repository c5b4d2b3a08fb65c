import assert from "node:assert/strict";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { close, listen, sendJson } from "../../dev/http.mjs";
import { jsonEndpoint } from "../../pkg/json.js";
import { initialize, rejects, secret } from "../shared/client.mjs";
import { LockedStore, MemoryStore } from "../shared/stores.mjs";

const tokens = ({ body }) => ({ access_token: body.accessToken, refresh_token: body.refreshToken });
const rules = {
  login: ({ username, password }) => ({ body: { email: username, password } }),
  refresh: ({ refresh_token }) => ({ url: "refresh", headers: { "x-refresh-token": refresh_token } }),
  revoke: ({ token }) => ({ method: "DELETE", body: { token } }),
  read: ({ status, body }) => (status === 401 ? { error: body.reason } : tokens({ body })),
};
let url;
let server;
let requests;
let answer;

/** What comes in, and by default rotating tokens, of which each counts once. */
const handle = async (request, response) => {
  const { method, url: path, headers } = request;
  requests.push({ request: `${method} ${path}`, headers, body: await text(request) });
  const [status, members, more] = answer(requests.at(-1), requests.length);
  sendJson(response, status, members, more);
};
before(async () => {
  server = createServer(handle);
  url = `http://127.0.0.1:${await listen(server, 0)}`;
});
after(() => close(server));
beforeEach(() => {
  requests = [];
  answer = (_request, count) => [200, { accessToken: `a${count}`, refreshToken: `r${count}` }];
});

function start(options, more) {
  const endpoints = { tokenEndpoint: `${url}/auth/login`, revocationEndpoint: `${url}/auth/session`, apiUrl: url };
  return initialize("", "app", { ...endpoints, fetch: jsonEndpoint({ ...rules, ...more }), ...options });
}

const sent = () => requests.map(({ request, body }) => [request, body]);

describe("a session at an endpoint that speaks JSON", () => {
  test("begins, goes on and ends in the server's own words; what the application asks for is left alone", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    assert.equal(await connection.getAccessToken({ rejected: "a1" }), "a2");
    await connection.fetch("things", { method: "POST", body: "a=b" });
    await connection.signout();
    const [login, refresh, things, signout] = requests;
    assert.equal(login.body, '{"email":"alice","password":"pw"}');
    assert.equal(login.request, "POST /auth/login");
    assert.equal(login.headers["content-type"], "application/json");
    assert.equal(refresh.request, "POST /auth/refresh");
    assert.equal(refresh.headers["x-refresh-token"], "r1");
    assert.equal(refresh.headers["content-type"], undefined);
    assert.equal(things.headers.authorization, "Bearer a2");
    assert.equal(things.headers["content-type"], "text/plain;charset=UTF-8");
    assert.equal(signout.request, "DELETE /auth/session");
    assert.equal(things.body, "a=b");
    assert.equal(signout.body, '{"token":"r2"}');
    assert.equal(requests.length, 4);
  });

  test("ends when the rule read says invalid_grant, and by no other refusal", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    answer = () => [401, { reason: "busy" }];
    await rejects(connection.getAccessToken({ rejected: "a1" }), { code: "refused", error: "busy", status: 401 });
    assert.equal(connection.getSnapshot().state, "active");
    answer = () => [401, { reason: "invalid_grant" }];
    await rejects((await start()).login("alice", "pw"), { code: "invalid_grant", status: 401 });
  });

  test("is asked for by all who share a store once for each expiry, also where the refresh token is in a cookie", async () => {
    const persistence = new LockedStore();
    answer = (_request, count) => [200, { accessToken: `a${count}` }];
    const login = ({ grant_type }) => ({ url: grant_type, credentials: "include" });
    const open = async () =>
      (await start({ persistence }, { login })).loginWithGrant("cookie", {}, { repeatable: true });
    const connections = await Promise.all(Array.from({ length: 8 }, open));
    assert.equal(requests.length, 1);
    for (const rejected of ["a1", "a2"]) {
      await Promise.all(connections.map((connection) => connection.getAccessToken({ rejected })));
    }
    assert.deepEqual(sent(), Array(3).fill(["POST /auth/cookie", ""]));
  });

  test("begins with a refresh where the login gives a refresh token alone", async () => {
    answer = ({ request }) => [200, request.endsWith("login") ? { refreshToken: "r" } : { accessToken: "a" }];
    const connection = await (await start()).login("alice", "pw");
    assert.equal(await connection.getAccessToken(), "a");
    assert.equal(connection.retrievePersistanceToken(), "r");
    assert.equal(requests[1].headers["x-refresh-token"], "r");
    answer = ({ request }) => (request.endsWith("login") ? [200, { refreshToken: "r" }] : [401, { reason: "off" }]);
    await rejects((await start()).login("alice", "pw"), { code: "refused", error: "off" });
  });

  test("is told to wait as by any other endpoint, and read is not asked", async () => {
    const read = () => assert.fail("read");
    for (const [status, code] of [
      [408, "unavailable"],
      [425, "unavailable"],
      [429, "rate_limited"],
      [500, "unavailable"],
      [503, "unavailable"],
    ]) {
      answer = () => [status, { reason: "invalid_grant" }, { "Retry-After": "7" }];
      await rejects((await start({}, { read })).login("alice", "pw"), { code, status, retryAfter: 7 });
    }
  });

  test("sends a refresh again whose answer was lost", async () => {
    const persistence = new MemoryStore();
    let losing = false;
    const lossy = async (...args) => {
      const response = await fetch(...args);
      if (!losing) return response;
      losing = false;
      throw new TypeError("fetch failed");
    };
    const client = await start({ persistence, reuseWindow: 30_000 }, { fetch: lossy });
    const connection = await client.login("alice", "pw");
    losing = true;
    assert.equal(await connection.getAccessToken({ rejected: "a1" }), "a3");
    assert.deepEqual(
      requests.map(({ headers }) => headers["x-refresh-token"]),
      [undefined, "r1", "r1"],
    );
  });
});

describe("a lifetime", () => {
  const jwt = (payload) => `e30.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.`;
  const now = Date.parse("2026-05-01T12:00:00Z");
  const date = { date: new Date(now).toUTCString() };

  for (const [what, members, headers, lifetime] of [
    ["is what the answer says", { expires_in: 60, expires_at: 1 }, date, 60],
    ["is counted from the token's own iat", { expires_at: 1_060, access_token: jwt({ iat: 1_000 }) }, date, 60],
    ["is counted from the answer's Date", { expires_at: now / 1_000 + 60 }, date, 60],
    ["is read from a date", { expires_at: "2026-05-01T14:01:00+02:00" }, date, 60],
    ["is the token's own exp - iat", { access_token: jwt({ iat: 1_000, exp: 1_060 }) }, {}, 60],
    ["is the token's own exp less the answer's Date", { access_token: jwt({ exp: now / 1_000 + 60 }) }, date, 60],
    ["is not known where nothing says it", {}, date, null],
    ["is not known where it cannot be read", { expires_at: "soon", access_token: "a.b.c" }, date, null],
  ]) {
    test(what, async () => {
      const send = async () => new Response("{}", { headers });
      const read = () => ({ access_token: "a", ...members });
      const response = await jsonEndpoint({ ...rules, read, fetch: send })(`${url}/login`, { body: "grant_type=a" });
      assert.deepEqual((await response.json()).expires_in, lifetime);
    });
  }
});

describe("a rule", () => {
  test("is checked when it is given", async () => {
    for (const argument of ["login", "refresh", "read"]) {
      for (const rule of [undefined, null, "x", {}]) {
        assert.throws(() => jsonEndpoint({ ...rules, [argument]: rule }), { code: "invalid_argument", argument });
      }
    }
    for (const given of [undefined, null, 5]) assert.throws(() => jsonEndpoint(given), { code: "invalid_argument" });
  });

  test("that makes no request is named, sends nothing and ends nothing", async () => {
    for (const [rule, words] of [
      [() => undefined.x, /the rule refresh: /],
      [() => undefined, /the rule refresh: /],
      [() => ({ url: "https://other.example/" }), /the rule refresh: .*origin/],
      [() => ({ url: "http://[" }), /the rule refresh: /],
      [() => ({ headers: { "a b": "c" } }), /the rule refresh: /],
      [() => ({ body: 1n }), /the rule refresh: /],
      [() => ({ body: "{}" }), /the rule refresh: body is what to send/],
      [async () => ({}), /the rule refresh: it returned a promise/],
      [() => null, /the rule refresh: it returned null/],
    ]) {
      requests.length = 0;
      const connection = await (await start({}, { refresh: rule })).login("alice", "pw");
      const renewing = connection.getAccessToken({ rejected: "a1" });
      const error = await rejects(renewing, { code: "refused", error: "invalid_request" });
      assert.match(error.error_description, words);
      assert.equal(requests.length, 1);
      assert.equal(connection.getSnapshot().state, "active");
    }
  });

  test("that cannot read an answer is named, and shows no secret", async () => {
    const read = ({ body }) => ({ access_token: body.data.token });
    const error = await rejects((await start({}, { read })).login("alice", secret), { code: "refused" });
    assert.match(error.error_description, /^the rule read: /);
    const telling = () => {
      throw new Error(`it was ${secret}`);
    };
    await rejects((await start({}, { read: telling })).login("alice", secret), { error_description: undefined });
  });

  test("that cannot read the answer to a refresh has it sent again, as any answer that is lost", async () => {
    let isReading = true;
    const read = ({ body }) => (isReading ? tokens({ body }) : tokens({ body: body.data }));
    const connection = await (await start({ reuseWindow: 30_000 }, { read })).login("alice", "pw");
    isReading = false;
    answer = (_request, count) => {
      isReading = count > 2;
      return [200, { accessToken: `a${count}`, refreshToken: `r${count}` }];
    };
    assert.equal(await connection.getAccessToken({ rejected: "a1" }), "a3");
    assert.equal(requests[2].headers["x-refresh-token"], "r1");
  });

  for (const [what, returned, words] of [
    ["a promise", Promise.resolve({}), /it returned a promise/],
    ["nothing", undefined, /it returned undefined/],
    ["members of other names", { accessToken: "a", user: {} }, /it returned accessToken, user: no token and no error/],
    ["milliseconds", { access_token: "a", expires_at: Date.now() }, /expires_at is neither epoch seconds/],
    ["a Date", { access_token: "a", expires_at: new Date() }, /expires_at is neither epoch seconds/],
  ]) {
    test(`that returns ${what} of a login is named`, async () => {
      const client = await start({}, { read: () => returned });
      const error = await rejects(client.login("alice", "pw"), { code: "refused", error: "invalid_response" });
      assert.match(error.error_description, words);
    });
  }

  for (const [what, body] of [
    ["no JSON", "<html>"],
    ["a JSON array", "[1]"],
    ["null", "null"],
    ["nothing", ""],
  ]) {
    test(`reads an empty body where the answer is ${what}`, async () => {
      const bodies = [];
      const read = ({ body: found }) => {
        bodies.push({ ...found });
        return {};
      };
      const send = async () => new Response(body);
      const error = await rejects((await start({}, { read, fetch: send })).login("alice", "pw"), { code: "refused" });
      assert.match(
        error.error_description,
        /^the rule read: of status 200 it returned nothing: no token and no error$/,
      );
      assert.deepEqual(bodies, [{}]);
    });
  }

  test("reads UTF-8 alone", async () => {
    const read = () => assert.fail("read");
    const send = async () => new Response(new Uint8Array([0x7b, 0x7d, 0xff]));
    await rejects((await start({}, { read, fetch: send })).login("alice", "pw"), { code: "network" });
  });

  test("reads at most 64 KiB", async () => {
    const read = ({ body }) => ({ ...body, access_token: undefined });
    let isCancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const send = async () => new Response(endless);
    await rejects((await start({}, { read, fetch: send })).login("alice", "pw"), { error: "invalid_response" });
    assert.ok(isCancelled);
  });
});
