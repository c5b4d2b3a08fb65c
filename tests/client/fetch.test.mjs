import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { beforeEach, describe, test } from "node:test";
import { initializeWithTenant, longText, rejects, secret, server } from "../shared/client.mjs";
import { gate, json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { rejection, settled, until } from "../shared/waiting.mjs";

const api = "https://api.example";

/** What the API was asked, and how it answers: with 401 to the tokens that it refuses. */
let calls;
let refuses;
beforeEach(() => {
  calls = [];
  refuses = () => false;
});

async function fetchLike(input, init) {
  const url = input?.url ?? input;
  if (url.startsWith("https://auth.meshydb.com")) return server.fetch(url, init);
  const headers = new Headers(init.headers);
  const body = init.body instanceof ReadableStream ? await new Response(init.body).text() : init.body;
  const call = { url, init, body, tenant: headers.get("tenant"), headers, token: headers.get("authorization") };
  calls.push(call);
  init.signal?.throwIfAborted();
  return refuses(call) ? json(401, { error: "invalid_token" }) : json(200, { url });
}

async function signedIn(options, tenant) {
  const client = await initializeWithTenant("demo", tenant, "demo-key", { fetch: fetchLike, apiUrl: api, ...options });
  return client.login("alice", "pw");
}

const tokens = () => calls.map(({ token }) => token.replace("Bearer at-canary-alice-", ""));
const refreshes = () => server.count("refresh_token");

describe("connection.fetch", () => {
  test("reads init at once, and what is inherited, too", async () => {
    const connection = await signedIn();
    const init = { method: "POST" };
    const all = ["1", "2", "3"].map((body) => {
      init.body = body;
      return connection.fetch("things", init);
    });
    await Promise.all(all);
    assert.deepEqual(calls.map(({ body }) => body).sort(), ["1", "2", "3"]);
    await connection.fetch("things", new Request("https://elsewhere.example/", { method: "PUT", body: "hello" }));
    assert.equal(calls.at(-1).body, "hello");
  });

  test("goes on after a 401 whose body is another kind of stream than the platform's", async () => {
    const connection = await signedIn({
      fetch: async (input, init) => {
        const response = await fetchLike(input, init);
        return {
          status: response.status,
          headers: response.headers,
          body: Readable.from([Buffer.from(await response.text())]),
        };
      },
    });
    refuses = ({ token }) => token.endsWith("-1");
    assert.equal((await connection.fetch("me")).status, 200);
    assert.deepEqual(tokens(), ["1", "2"]);
    const form = { pipe() {} };
    refuses = () => true;
    assert.equal((await connection.fetch("form", { method: "POST", body: form })).status, 401);
    assert.equal(calls.filter(({ url }) => url.endsWith("/form")).length, 1);
  });

  test("resolves relative URLs inside the account and sends token and tenant", async () => {
    const connection = await signedIn({}, "acme");
    for (const [input, url] of [
      ["me", `${api}/demo/me`],
      ["a/b?c=d#e", `${api}/demo/a/b?c=d#e`],
      ["?q", `${api}/demo/?q`],
      ["", `${api}/demo/`],
      ["a/../b", `${api}/demo/b`],
      [`${api}/elsewhere`, `${api}/elsewhere`],
      [new URL(`${api}/demo/x`), `${api}/demo/x`],
      [new Request(`${api}/demo/y`, { headers: { "x-own": "1" } }), `${api}/demo/y`],
    ]) {
      const response = await connection.fetch(input);
      assert.equal(response.status, 200);
      const { url: asked, token, tenant } = calls.at(-1);
      assert.equal(asked, url);
      assert.equal(token, "Bearer at-canary-alice-1");
      assert.equal(tenant, "acme");
    }
    assert.equal(calls.at(-1).headers.get("x-own"), "1");
  });

  test("hands on what the caller gives, and does not change it", async () => {
    const connection = await signedIn();
    const init = Object.freeze({
      method: "PUT",
      body: "b",
      redirect: "manual",
      headers: Object.freeze({ "x-own": "1" }),
    });
    await connection.fetch("x", init);
    const [{ init: sent, headers, tenant }] = calls;
    assert.deepEqual([sent.method, sent.body, sent.redirect], ["PUT", "b", "manual"]);
    assert.equal(headers.get("x-own"), "1");
    assert.equal(tenant, null);
  });

  test("goes to allowed origins, with the tenant towards the API alone", async () => {
    const connection = await signedIn({ allowedOrigins: ["https://files.example", "http://localhost:1"] }, "acme");
    await connection.fetch("https://files.example/x");
    await connection.fetch("http://localhost:1/x");
    assert.deepEqual(
      calls.map(({ tenant }) => tenant),
      [null, null],
    );
  });

  test("refuses other places and an Authorization of the caller's own before anything is sent", async () => {
    const connection = await signedIn();
    const elsewhere = [
      "https://evil.example/x",
      "http://api.example/x",
      "https://api.example:444/x",
      "https://api.example.evil/x",
      `https://${secret}@api.example/x`,
      "blob:https://api.example/x",
      "data:,x",
      "//evil.example/x",
      "/x",
      "\\x",
      "../x",
      "../demo2/x",
      "a/../../x",
      "%2e%2e/x",
      ".%2E/x",
      new URL("https://evil.example"),
      new Request("https://evil.example"),
    ];
    for (const input of elsewhere) {
      await rejects(connection.fetch(input), { code: "invalid_argument", argument: "input" });
    }
    for (const headers of [
      { Authorization: secret },
      [["authorization", secret]],
      new Headers({ authorization: "" }),
    ]) {
      await rejects(connection.fetch("x", { headers }), { code: "invalid_argument", argument: "headers" });
    }
    const request = new Request(`${api}/x`, { headers: { authorization: secret } });
    await rejects(connection.fetch(request), { code: "invalid_argument", argument: "headers" });
    for (const init of [null, 5, "x"]) {
      await rejects(connection.fetch("x", init), { code: "invalid_argument", argument: "options" });
    }
    for (const signal of [5, "x", {}]) {
      await rejects(connection.fetch("x", { signal }), { code: "invalid_argument", argument: "signal" });
    }
    assert.equal(calls.length, 0);
    assert.equal(server.requests.length, 1);
  });

  test("sends what it has checked, whatever an object says of itself the next time", async () => {
    const connection = await signedIn();
    const evil = "https://evil.example/x";
    const pretended = Object.defineProperty(new Request(evil), "url", { value: `${api}/x` });
    const texts = [`${api}/x`, evil, evil];
    const changing = { toString: () => texts.shift() };
    for (const input of [
      { url: `${api}/x` },
      Object.create(Request.prototype, { url: { value: `${api}/x` } }),
      pretended,
      changing,
      { toString: () => `${api}/x` },
      [`${api}/x`],
      undefined,
      null,
      7,
    ]) {
      await rejects(connection.fetch(input), { code: "invalid_argument", argument: "input" });
    }
    assert.equal(calls.length, 0);
    await connection.fetch(Object.assign(new URL(`${api}/x`), { toString: changing.toString }));
    assert.equal(calls.at(-1).url, `${api}/x`);
    class OwnRequest extends Request {
      get url() {
        return evil;
      }
    }
    await connection.fetch(new OwnRequest(`${api}/y`));
    assert.equal(calls.length, 2);
  });

  test("with an endpoint of another server has no API of its own", async () => {
    const options = { apiUrl: undefined, tokenEndpoint: "https://auth.meshydb.com/t" };
    const connection = await signedIn({ ...options, allowedOrigins: ["https://files.example"] });
    for (const input of ["x", "https://api.meshydb.com/x", "undefined/x"]) {
      await rejects(connection.fetch(input), { code: "invalid_argument", argument: "input" });
    }
    assert.equal((await connection.fetch("https://files.example/x")).status, 200);
  });

  test("without an apiUrl means MeshyDB's", async () => {
    const connection = await signedIn({ apiUrl: undefined });
    await connection.fetch("me");
    assert.equal(calls[0].url, "https://api.meshydb.com/demo/me");
  });

  test("after a 401 refreshes once and asks once more", async () => {
    const connection = await signedIn();
    refuses = ({ token }) => token.endsWith("-1");
    const response = await connection.fetch("x", { method: "POST", body: "b" });
    assert.equal(response.status, 200);
    assert.deepEqual(tokens(), ["1", "2"]);
    assert.deepEqual(
      calls.map(({ body }) => body),
      ["b", "b"],
    );
    assert.equal(refreshes(), 1);
  });

  test("100 calls whose token is refused make one refresh", async () => {
    const connection = await signedIn();
    refuses = ({ token }) => token.endsWith("-1");
    const responses = await Promise.all(Array.from({ length: 100 }, (_, index) => connection.fetch(`${index}`)));
    for (const response of responses) assert.equal(response.status, 200);
    assert.equal(refreshes(), 1);
    assert.equal(calls.length, 200);
  });

  test("raises no storm against an API that always answers 401", () =>
    inTime(async (time) => {
      const connection = await signedIn();
      refuses = () => true;
      for (let call = 0; call < 50; call += 1) assert.equal((await connection.fetch("x")).status, 401);
      assert.equal(refreshes(), 1);
      assert.equal(calls.length, 51);
      await time.pass(299_000);
      assert.equal((await connection.fetch("x")).status, 401);
      assert.equal(refreshes(), 1);
      await time.pass(1_001);
      assert.equal((await connection.fetch("x")).status, 401);
      assert.equal(refreshes(), 2);
      assert.equal((await connection.getAccessToken({ rejected: await connection.getAccessToken() })).at(-1), "4");
    }));

  test("raises no storm either where those who ask have gone before the token comes", async () => {
    const connection = await signedIn();
    refuses = () => true;
    for (let call = 0; call < 5; call += 1) {
      const controller = new AbortController();
      const polled = connection.fetch("x", { signal: controller.signal });
      while (refreshes() === 0) await new Promise(setImmediate);
      controller.abort();
      await polled.catch(() => {});
      await settled();
    }
    assert.equal(refreshes(), 1);
  });

  test("refreshes because of a 401 once for all origins", async () => {
    const connection = await signedIn({ allowedOrigins: ["https://files.example"] });
    refuses = () => true;
    for (let call = 0; call < 10; call += 1) {
      assert.equal((await connection.fetch("x")).status, 401);
      assert.equal((await connection.fetch("https://files.example/x")).status, 401);
    }
    assert.equal(refreshes(), 1);
    refuses = ({ url }) => url.startsWith(api);
    assert.equal((await connection.fetch("https://files.example/x")).status, 200);
  });

  test("that a client sharing the store has refreshed for leaves the 401 to be handed on", async () => {
    const persistence = new MemoryStore();
    const one = await signedIn({ persistence });
    const client = await initializeWithTenant("demo", undefined, "demo-key", {
      fetch: fetchLike,
      apiUrl: api,
      persistence,
    });
    const other = await client.restore();
    refuses = () => true;
    for (let call = 0; call < 20; call += 1) {
      for (const connection of [one, other]) assert.equal((await connection.fetch("x")).status, 401);
    }
    assert.equal(refreshes(), 1);
    const token = await other.getAccessToken();
    assert.match(await other.getAccessToken({ rejected: token }), /-alice-3/);
    assert.match(await one.getAccessToken({ rejected: token }), /-alice-3/);
    assert.equal(refreshes(), 2);
  });

  test("that gets the same access token again causes one refresh for each rejection", async () => {
    const connection = await signedIn();
    const same = await connection.getAccessToken();
    server.answer = ({ form }) =>
      form.refresh_token &&
      json(200, {
        access_token: same,
        token_type: "Bearer",
        expires_in: 3600,
        refresh_token: `${form.refresh_token}x`,
      });
    refuses = () => true;
    for (let call = 0; call < 20; call += 1) assert.equal((await connection.fetch("x")).status, 401);
    assert.equal(refreshes(), 1);
    for (let call = 2; call < 5; call += 1) {
      const calls = Array.from({ length: 10 }, () => connection.getAccessToken({ rejected: same }));
      assert.deepEqual(new Set(await Promise.all(calls)), new Set([same]));
      assert.equal(refreshes(), call);
    }
  });

  test("does not ask again with what can be read only once, and does not keep it", async () => {
    for (const makeBody of [
      () => new Blob(["stream"]).stream(),
      () =>
        (async function* () {
          yield new TextEncoder().encode("stream");
        })(),
    ]) {
      calls = [];
      const connection = await signedIn();
      refuses = ({ token }) => token === calls[0].token;
      const response = await connection.fetch("x", { method: "POST", body: makeBody(), duplex: "half" });
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { error: "invalid_token" });
      assert.equal(calls.length, 1);
      assert.equal((await connection.fetch("x")).status, 200);
      assert.notEqual(calls.at(-1).token, calls[0].token);
      assert.equal(refreshes(), 1);
      server.requests.length = 0;
    }
    calls = [];
    const connection = await signedIn();
    refuses = () => true;
    const request = new Request(`${api}/x`, { method: "POST", body: longText });
    assert.equal((await connection.fetch(request)).status, 401);
    assert.equal(calls.length, 1);
  });

  test("asks again with a Request that has no body", async () => {
    const connection = await signedIn();
    refuses = ({ token }) => token.endsWith("-1");
    assert.equal((await connection.fetch(new Request(`${api}/x`))).status, 200);
    assert.deepEqual(tokens(), ["1", "2"]);
  });

  test("gives other answers and failures as they are", async () => {
    const connection = await signedIn();
    const broken = new TypeError("fetch failed");
    refuses = () => {
      throw broken;
    };
    assert.equal(await rejection(connection.fetch("x")), broken);
    assert.equal(refreshes(), 0);
  });

  test("rejects as the session does", async () => {
    const connection = await signedIn();
    refuses = () => true;
    server.answer = ({ grant }) => grant === "refresh_token" && json(400, { error: "invalid_grant" });
    await inTime(async (time) => {
      await time.pass(60_000);
      await rejects(connection.fetch("x"), { code: "session_ended", reason: "invalid_grant" });
    });
    await rejects(connection.fetch("x"), { code: "session_ended", reason: "invalid_grant" });
    assert.equal(calls.length, 1);
    connection[Symbol.dispose]();
    await rejects(connection.fetch("x"), { code: "aborted" });
  });

  test("an aborted call leaves the refresh to the others", async () => {
    const connection = await signedIn();
    refuses = ({ token }) => token.endsWith("-1");
    const open = server.hold("refresh_token");
    const controller = new AbortController();
    const gone = assert.rejects(connection.fetch("a", { signal: controller.signal }), { name: "AbortError" });
    const stays = connection.fetch("b", { signal: null });
    await until(() => refreshes() === 1);
    controller.abort();
    await gone;
    open();
    assert.equal((await stays).status, 200);
    assert.equal(refreshes(), 1);
    const { promise, open: answer } = gate();
    refuses = () => promise;
    const aborted = new AbortController();
    aborted.abort();
    assert.equal((await rejection(connection.fetch("c", { signal: aborted.signal }))).name, "AbortError");
    answer();
  });
});
