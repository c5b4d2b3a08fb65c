import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialize, initializeWithTenant } from "../../pkg/index.js";
import { grant, reply, tokens } from "../shared/recorder.mjs";
import { elsewhere, form, keepsSession, server, start } from "./setup.mjs";

/** RFC 6749 appendix B, byte by byte. */
function encoded(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (/[\w.*-]/.test(character)) return character;
    return character === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return bytes.join("");
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
      "client_id=demo-key&scope=meshy.api+offline_access&grant_type=password&username=alice&password=wonderland",
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
      "client_id=demo-key&grant_type=password&username=zo%C3%AB+%E6%BC%A2%E5%AD%97%F0%9F%98%80" +
        "&password=p%26%3D%2B%25%7E*-._%22%5C%2F%0D%0A%00%C2%85",
    ]);
  });

  test("every character as the URL standard writes a form", async () => {
    const ascii = String.fromCharCode(...Array.from({ length: 127 }, (_, index) => index + 1));
    const password = "¡ÿĀ\u07ff\u0800\uffff𐀀";
    await start({ scope: "" }).login(ascii, password);
    const sent = `username=${encoded(ascii)}&password=${encoded(password)}`;
    assert.deepEqual(server.bodies(), [`client_id=demo-key&grant_type=password&${sent}`]);
  });

  test("every visible character in the public key", async () => {
    const publicKey = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => index + 33));
    await initialize("demo", publicKey, { authUrl: server.url }).loginWithPersistance("t");
    const sent = `client_id=${encoded(publicKey)}&refresh_token=t`;
    assert.deepEqual(server.bodies(), [`grant_type=refresh_token&${sent}`]);
  });

  test("the scope that was configured", async () => {
    await start({ scope: "a b" }).login("u", "p");
    assert.deepEqual(server.bodies(), ["client_id=demo-key&scope=a+b&grant_type=password&username=u&password=p"]);
  });

  test("any account name as one segment of the path, as it is", async () => {
    for (const account of ["a", "0._~-", "a..", "A-b.c~d_e", "a".repeat(128)]) {
      await initialize(account, "demo-key", { authUrl: server.url }).login("u", "p");
      assert.equal(server.requests.at(-1).path, `/${account}/connect/token`);
    }
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
    assert.equal(server.requests[0].body, "client_id=demo-key&grant_type=password&username=u&password=p");
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
