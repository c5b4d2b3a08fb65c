import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { claims, completeSignIn, createClient, serviceConnection, signInWithRedirect } from "../../pkg/oauth.js";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { signInAtCanaille, startCanaille } from "../shared/canaille.mjs";
import { startSite } from "../shared/site.mjs";
import { LockedStore, MemoryStore } from "../shared/stores.mjs";
import { Storage, Tab } from "../shared/tab.mjs";
import { documentedPage } from "./page.mjs";

const APP = "https://app.example";
const CONFIDENTIAL = { clientId: "confidential", clientSecret: "s3cret & more" };

let issued;
beforeEach(() => {
  issued = [];
});

/** Notes the token sets that a server issues. */
async function noting(url, init) {
  const response = await fetch(url, init);
  if (url.endsWith("/token") && response.ok) issued.push(await response.clone().json());
  return response;
}

function create(server, more) {
  return createClient({
    issuer: server.url,
    clientId: "my-app",
    scope: "openid profile",
    apiUrl: `${server.url}/oauth`,
    fetch: noting,
    ...more,
  });
}

/** Has alice log in and consent, or not, in a browser that the server has not seen. */
async function signIn(client, consent) {
  const tab = new Tab(`${APP}/`);
  const shared = new Storage();
  tab.show(shared);
  const leaving = signInWithRedirect(client, { redirectUri: `${APP}/`, parameters: { prompt: "consent" } });
  tab.url = await signInAtCanaille(await Promise.race([tab.left, leaving]), APP, { consent });
  tab.show(shared);
  return completeSignIn(client);
}

function algorithmOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[0], "base64url")).alg;
}

describe("Canaille", () => {
  let server;
  before(async () => {
    server = await startCanaille({ appUrl: `${APP}/` });
  });
  after(() => server.close());

  /** What it is asked from here on. */
  async function asking() {
    const { length } = await server.answers();
    return async () => (await server.answers()).slice(length);
  }

  function refresh(refresh_token) {
    const body = new URLSearchParams({ grant_type: "refresh_token", client_id: "my-app", refresh_token });
    return fetch(`${server.url}/oauth/token`, { method: "POST", body });
  }

  test("asks for a login and for consent, and opens a session that is there after a reload", async () => {
    const persistence = new MemoryStore();
    const answers = await asking();
    const signedIn = await signIn(await create(server, { persistence }));
    assert.deepEqual(await answers(), [
      "GET /.well-known/openid-configuration 200",
      "GET /oauth/authorize 302",
      ...["GET /login 200", "POST /login 302", "GET /auth/password 200", "POST /auth/password 302"],
      ...["GET /oauth/authorize 200", "POST /oauth/authorize 302", "POST /oauth/token 200"],
    ]);
    const { connection } = signedIn;
    assert.equal(signedIn.claims.sub, "alice");
    assert.deepEqual(signedIn.claims.aud, ["my-app"]);
    assert.equal(algorithmOf(connection.retrieveIdToken()), "ES256");
    assert.equal((await (await connection.fetch("userinfo")).json()).sub, "alice");

    const reloaded = await (await create(server, { persistence })).restore();
    assert.equal(claims(reloaded).sub, "alice");
    assert.equal((await reloaded.fetch("userinfo")).status, 200);
    assert.equal(issued.length, 1);
  });

  test("rotates refresh tokens, and refuses one that was used", async () => {
    const persistence = new MemoryStore();
    const { connection } = await signIn(await create(server, { persistence }));
    for (let round = 1; round <= 3; round += 1) {
      const token = await connection.getAccessToken();
      assert.notEqual(await connection.getAccessToken({ rejected: token }), token);
      assert.equal((await connection.fetch("userinfo")).status, 200);
    }
    assert.equal(new Set(issued.map((set) => set.refresh_token)).size, 4);
    assert.equal(claims(connection).sub, "alice");
    const reused = await refresh(issued[0].refresh_token);
    assert.deepEqual([reused.status, (await reused.json()).error], [400, "invalid_grant"]);

    assert.equal((await refresh(issued[3].refresh_token)).status, 200);
    const failing = connection.getAccessToken({ rejected: await connection.getAccessToken() });
    await assert.rejects(failing, { code: "session_ended", error: "invalid_grant" });
    assert.equal(await (await create(server, { persistence })).restore(), null);
  });

  test("opens no session when alice declines", async () => {
    const client = await create(server);
    await assert.rejects(signIn(client, "deny"), { code: "refused", error: "access_denied" });
    assert.equal(await client.restore(), null);
  });

  test("revokes what a confidential client has when that signs out", async () => {
    const client = await create(server, CONFIDENTIAL);
    const { connection } = await signIn(client);
    const token = await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    const answers = await asking();
    await connection.signout();
    assert.deepEqual(await answers(), ["POST /oauth/revoke 200"]);
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${server.url}/oauth/userinfo`, { headers })).status, 401);
    assert.equal(await client.restore(), null);
  });

  test("revokes nothing of a public client, whose session is over all the same", async () => {
    const client = await create(server);
    const { connection } = await signIn(client);
    const answers = await asking();
    await connection.signout();
    assert.deepEqual(await answers(), ["POST /oauth/revoke 401"]);
    assert.equal(connection.getSnapshot().state, "ended");
    assert.equal(await client.restore(), null);
  });

  test("gives a service one session for all who share the store", async () => {
    const persistence = new LockedStore();
    const open = async () =>
      serviceConnection(await create(server, { ...CONFIDENTIAL, persistence }), { scope: "profile" });
    const connections = await Promise.all(Array.from({ length: 8 }, open));
    const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
    assert.deepEqual(
      issued.map((set) => set.access_token),
      [...new Set(tokens)],
    );
    const body = new URLSearchParams({ token: tokens[0] });
    const authorization = `Basic ${btoa("confidential:s3cret%20%26%20more")}`;
    const introspection = { method: "POST", body, headers: { authorization } };
    const told = await (await fetch(`${server.url}/oauth/introspect`, introspection)).json();
    assert.deepEqual([told.active, told.client_id, told.scope], [true, "confidential", "profile"]);
  });
});

test("Canaille's ID tokens by RS256 are as good", async (t) => {
  const server = await startCanaille({ appUrl: `${APP}/`, algorithm: "RS256" });
  t.after(() => server.close());
  const { connection } = await signIn(await create(server));
  assert.equal(claims(connection).sub, "alice");
  assert.equal(algorithmOf(connection.retrieveIdToken()), "RS256");
});

inOneBrowserAtLeast((browser) => {
  test("the page of the document signs in at Canaille, stays signed in after a reload, refreshes, and signs out", async (t) => {
    const scripts = {};
    const site = await startSite(scripts, "script-src 'self' 'wasm-unsafe-eval'");
    t.after(() => site.close());
    const server = await startCanaille({ appUrl: `${site.url}/` });
    t.after(() => server.close());
    scripts["/page.js"] = await documentedPage(server.url);
    const { page } = await newTab(await newContext(t, browser()), site.url);
    const isSignedIn = () => Boolean(window.connection);
    const answer = async (selector, text) => {
      await page.waitForSelector(selector);
      await page.type(selector, text);
      await page.keyboard.press("Enter");
    };
    const signIn = async () => {
      await answer("#login", "alice");
      await answer("#password", "wonderland");
      await until(page, isSignedIn);
    };
    await signIn();
    assert.equal(page.url(), `${site.url}/`);
    await page.reload();
    await until(page, isSignedIn);
    const shown = await page.evaluate(async () => {
      const token = await window.connection.getAccessToken();
      const isAnother = (await window.connection.getAccessToken({ rejected: token })) !== token;
      return { isAnother, sub: window.claims(window.connection).sub };
    });
    assert.deepEqual(shown, { isAnother: true, sub: "alice" });
    await page.evaluate(() => {
      const { signOutWithRedirect, client, connection } = window;
      window.connection = undefined;
      signOutWithRedirect(client, { connection, postLogoutRedirectUri: `${location.origin}/` });
    });
    // The page signs in again at once, and the server has to ask.
    await signIn();
    const posts = (await server.answers()).filter((line) => line.startsWith("POST /oauth/"));
    assert.deepEqual(posts, [
      "POST /oauth/token 200",
      "POST /oauth/token 200",
      "POST /oauth/revoke 401",
      "POST /oauth/token 200",
    ]);
  });
});
