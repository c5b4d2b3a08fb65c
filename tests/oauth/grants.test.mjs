import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { after, before, describe, test } from "node:test";
import { createClient, serviceConnection, signInWithDevice, signInWithLoopback } from "../../pkg/oauth.js";
import { startOpenIdServer } from "../shared/openid-server.mjs";
import { LockedStore } from "../shared/stores.mjs";
import { follow, submit } from "../shared/tab.mjs";
import { settled } from "../shared/waiting.mjs";

const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
let server;
before(async () => {
  const features = { pushedAuthorizationRequests: { enabled: false } };
  server = await startOpenIdServer({ appUrl: "https://app.example/", features });
});
after(() => server.close());

test("a sign-in at another device opens a session once the user has answered at the server", async () => {
  const atOnce = async (url, init) => {
    const response = await fetch(url, init);
    return url.endsWith("/device/auth") ? Response.json({ ...(await response.json()), interval: 0.001 }) : response;
  };
  const common = { issuer: server.url, apiUrl: `${server.url}/api`, fetch: atOnce };
  const client = await createClient({ ...common, clientId: "my-app", scope: "openid offline_access" });
  const cookies = new Map();
  const show = async ({ userCode, verificationUriComplete }) => {
    const page = await submit(verificationUriComplete, {}, cookies);
    assert.equal(page.fields.user_code, userCode);
    const confirmation = await submit(page.url, page.fields, cookies);
    await submit(confirmation.url, { ...confirmation.fields, confirm: "yes" }, cookies);
  };
  const { connection, claims } = await signInWithDevice(client, { show });
  assert.equal(claims.sub, "alice");
  assert.equal((await (await connection.fetch("me")).json()).user, "alice");
  assert.equal(server.count(DEVICE_CODE), 1);
});

test("a service has one session by client credentials, with a secret, for all who share the store", async () => {
  server.grants.length = 0;
  const options = { issuer: server.url, clientId: "confidential", clientSecret: "s3cret & more" };
  const persistence = new LockedStore();
  const open = async () => serviceConnection(await createClient({ ...options, persistence }), { scope: "things" });
  const connections = await Promise.all(Array.from({ length: 8 }, open));
  const opened = await Promise.all(connections.map((connection) => connection.getAccessToken()));
  assert.equal(new Set(opened).size, 1);
  assert.equal(server.count("client_credentials"), 1);
});

describe("a sign-in with a server on 127.0.0.1", () => {
  const create = () => createClient({ issuer: server.url, clientId: "program", scope: "openid offline_access" });
  const isClosed = (url) => assert.rejects(fetch(url), ({ cause }) => cause.code === "ECONNREFUSED");

  /** Where the server sends the browser. */
  async function callbackOf(url) {
    const { searchParams } = new URL(url);
    const { origin } = new URL(searchParams.get("redirect_uri"));
    return follow(url, origin);
  }

  test("takes the one answer that it has asked for, and is closed then", async () => {
    server.grants.length = 0;
    let callback;
    const open = async (url) => {
      callback = await callbackOf(url);
      const { origin, searchParams } = new URL(callback);
      assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/);
      for (const path of ["/", "/favicon.ico", "/callback", "/callback?code=a&state=b"]) {
        assert.equal((await fetch(origin + path)).status, 404);
      }
      assert.equal((await fetch(callback, { method: "POST" })).status, 404);
      assert.ok(searchParams.get("code"));
      assert.match(await (await fetch(callback)).text(), /close this window/);
    };
    const { connection, claims } = await signInWithLoopback(await create(), { open });
    assert.equal(claims.sub, "alice");
    assert.notEqual(await connection.getAccessToken({ rejected: await connection.getAccessToken() }), undefined);
    assert.equal(server.count("authorization_code"), 1);
    await isClosed(callback);
  });

  test("is closed where no browser can be opened, the user denies, or it is given up", async () => {
    let origin;
    const note = (url) => {
      ({ origin } = new URL(new URL(url).searchParams.get("redirect_uri")));
    };
    const client = await create();
    const broken = new Error("no browser");
    const failing = signInWithLoopback(client, { open: (url) => Promise.reject(note(url) ?? broken) });
    await assert.rejects(failing, broken);
    await isClosed(origin);
    const deny = (url) => {
      note(url);
      const { searchParams } = new URL(url);
      const answer = { state: searchParams.get("state"), iss: server.url, error: "access_denied" };
      return fetch(`${origin}/callback?${new URLSearchParams(answer)}`);
    };
    const refused = { name: "MeshyError", code: "refused", error: "access_denied" };
    await assert.rejects(signInWithLoopback(client, { open: deny }), refused);
    await isClosed(origin);
    const controller = new AbortController();
    const giveUp = (url) => controller.abort(note(url));
    const { signal } = controller;
    await assert.rejects(signInWithLoopback(client, { open: giveUp, signal }), { code: "aborted" });
    await isClosed(origin);
    await assert.rejects(signInWithLoopback(client), { code: "invalid_argument", argument: "open" });
  });

  test("goes on after requests whose target is no path", async (t) => {
    const statuses = [];
    const open = async (url) => {
      const callback = new URL(await callbackOf(url));
      const { port, search } = callback;
      for (const path of ["//", "http://[", "*", `//127.0.0.1/callback${search}`, callback.href]) {
        const [response] = await once(get({ host: "127.0.0.1", port, path }), "response");
        response.resume();
        statuses.push(response.statusCode);
      }
      await fetch(callback);
    };
    const { claims } = await signInWithLoopback(await create(), { open, signal: t.signal });
    assert.equal(claims.sub, "alice");
    assert.deepEqual(statuses, Array(5).fill(404));
  });

  test("rejects once, with the error of open, also if it is given up then", async (t) => {
    const unhandled = [];
    const note = (error) => unhandled.push(error);
    process.on("unhandledRejection", note);
    t.after(() => process.off("unhandledRejection", note));
    const broken = new Error("no browser");
    const controller = new AbortController();
    const { signal } = controller;
    const open = () => {
      throw broken;
    };
    await assert.rejects(signInWithLoopback(await create(), { open, signal }), broken);
    controller.abort();
    await settled();
    assert.deepEqual(unhandled, []);
  });

  test("opens no browser where it was given up before", async () => {
    const open = () => assert.fail("opened");
    const given = signInWithLoopback(await create(), { open, signal: AbortSignal.abort() });
    await assert.rejects(given, { name: "MeshyError", code: "aborted" });
  });
});
