import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ClientSecretPost, PrivateKeyJwt } from "oauth4webapi";
import { claims, completeSignIn, createClient, signInWithRedirect } from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { clientKey, startOpenIdServer } from "../shared/openid-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { follow, Storage, Tab } from "../shared/tab.mjs";

const APP = "https://app.example";
let server;
let shared;
before(async () => {
  server = await startOpenIdServer({ appUrl: `${APP}/` });
});
after(() => server.close());
beforeEach(() => {
  shared = new Storage();
  for (const list of [server.grants, server.paths, server.revocations]) list.length = 0;
});

function optionsFor(more) {
  return {
    issuer: server.url,
    clientId: "my-app",
    scope: "openid offline_access",
    apiUrl: `${server.url}/api`,
    ...more,
  };
}

/** A tab that has begun a sign-in, at the URL that the server has sent it back to. */
async function callback(client, { returnTo } = {}, cookies) {
  const tab = new Tab(`${APP}/`);
  tab.show(shared);
  const leaving = signInWithRedirect(client, { redirectUri: `${APP}/`, returnTo });
  tab.url = await follow(await Promise.race([tab.left, leaving]), APP, cookies);
  tab.show(shared);
  return tab;
}

/** A fetch that changes these claims of ID tokens, or takes the ID token out. */
function changingIdTokens(changed) {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!url.endsWith("/token")) return response;
    const { id_token, ...members } = await response.json();
    if (!changed) return Response.json(members);
    const [header, payload] = id_token.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
    const parts = [header, { ...payload, ...changed }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    return Response.json({ ...members, id_token: [...parts, id_token.split(".")[2]].join(".") });
  };
}

describe("a sign-in by redirect", () => {
  test("opens a session that is refreshed, and keeps its claims", async () => {
    const persistence = new MemoryStore();
    const client = await createClient(optionsFor({ persistence }));
    assert.equal(await client.restore(), null);
    assert.deepEqual(server.paths, []);
    const tab = await callback(client, { returnTo: `${APP}/things?page=2` });
    const signedIn = await completeSignIn(client);
    assert.equal(signedIn.returnTo, `${APP}/things?page=2`);
    assert.equal(signedIn.claims.sub, "alice");
    assert.equal(tab.url, `${APP}/`);
    assert.deepEqual(Object.keys(tab.sessionStorage), []);
    const { connection } = signedIn;
    assert.deepEqual(await (await connection.fetch("me")).json(), { user: "alice", pathname: "/api/me" });
    const token = await connection.getAccessToken();
    assert.notEqual(await connection.getAccessToken({ rejected: token }), token);
    const [exchange, refresh] = server.grants;
    assert.equal(exchange.grant_type, "authorization_code");
    assert.equal(refresh.grant_type, "refresh_token");
    const other = await (await createClient(optionsFor({ persistence }))).restore();
    assert.equal(claims(other).sub, "alice");
    assert.equal(claims(connection).aud, "my-app");
    assert.equal(await completeSignIn(client), null);
  });

  test("sends its code once, however often it is completed at once", async () => {
    const client = await createClient(optionsFor());
    const cookies = new Map();
    for (let round = 1; round <= 100; round += 1) {
      await callback(client, {}, cookies);
      const [first, second] = [completeSignIn(client), completeSignIn(client)];
      assert.equal(first, second);
      assert.equal((await first).claims.sub, "alice");
      assert.equal(server.grants.length, round);
    }
  });

  test("is completed by one of two clients of the same session, and the other has it, too", async () => {
    const persistence = new MemoryStore();
    const [one, other] = [
      await createClient(optionsFor({ persistence })),
      await createClient(optionsFor({ persistence })),
    ];
    await callback(one);
    const [first, second] = await Promise.all([completeSignIn(one), completeSignIn(other)]);
    assert.equal(first, second);
    assert.equal(server.grants.length, 1);
  });

  test("is found by its own client among those of a page", async () => {
    const [client, other] = [await createClient(optionsFor()), await createClient(optionsFor({ slot: "other" }))];
    const tab = await callback(client);
    const { url } = tab;
    assert.equal(await completeSignIn(other), null);
    assert.equal(tab.url, url);
    assert.equal((await completeSignIn(client)).claims.sub, "alice");
  });

  test("needs no discovery at its end, and one after a restart, when it refreshes", async () => {
    const persistence = new MemoryStore();
    await callback(await createClient(optionsFor({ persistence })));
    server.paths.length = 0;
    await completeSignIn(await createClient(optionsFor({ persistence })));
    assert.deepEqual(server.paths, ["POST /token"]);
    const connection = await (await createClient(optionsFor({ persistence }))).restore();
    for (let round = 1; round <= 3; round += 1) {
      await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    }
    await connection.signout();
    assert.deepEqual(server.paths.slice(1), [
      "GET /.well-known/openid-configuration",
      ...["/token", "/token", "/token", "/token/revocation"].map((path) => `POST ${path}`),
    ]);
  });

  test("takes endpoints in place of an issuer", async () => {
    const endpoints = { authorizationEndpoint: `${server.url}/auth`, tokenEndpoint: `${server.url}/token` };
    const client = await createClient({ ...endpoints, clientId: "my-app", scope: "things" });
    await callback(client);
    const signedIn = await completeSignIn(client);
    assert.equal(signedIn.claims, null);
    assert.equal(signedIn.returnTo, null);
    assert.match(await signedIn.connection.getAccessToken(), /^[\w-]{20,}$/);
    const known = await createClient({ ...endpoints, issuer: server.url, clientId: "my-app", scope: "openid" });
    await callback(known);
    assert.equal((await completeSignIn(known)).claims.sub, "alice");
    assert.deepEqual(
      server.paths.filter((path) => path.includes("well-known")),
      [],
    );
  });

  test("of a confidential client has its secret in each request, outside of pages alone", async () => {
    await provesItself({ clientId: "confidential", clientSecret: "s3cret & more" }, "clientSecret");
  });

  test("of a client that proves itself by oauth4webapi's ClientSecretPost", async () => {
    const clientAuthentication = ClientSecretPost("s3cret & more");
    await provesItself({ clientId: "posting", clientAuthentication }, "clientAuthentication");
  });

  test("of a client that proves itself by oauth4webapi's PrivateKeyJwt, at endpoints alone, too", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", clientKey.private, algorithm, false, ["sign"]);
    const options = { clientId: "keyed", clientAuthentication: PrivateKeyJwt(key) };
    await provesItself(options, "clientAuthentication");
    const { url } = server;
    const endpoints = { authorizationEndpoint: `${url}/auth`, tokenEndpoint: `${url}/token`, issuer: undefined };
    await provesItself({ ...options, ...endpoints, scope: "things" }, "clientAuthentication");
  });

  /** Signs in, refreshes, signs out: all with the proof. */
  async function provesItself(more, argument) {
    const options = optionsFor({ revocationEndpoint: `${server.url}/token/revocation`, ...more });
    const client = await createClient(options);
    await callback(client);
    const { connection } = await completeSignIn(client);
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    await connection.signout();
    const seen = server.grants.splice(0).map(({ grant_type, status }) => `${grant_type} ${status}`);
    assert.deepEqual(seen, ["authorization_code 200", "refresh_token 200"]);
    assert.deepEqual(server.revocations.splice(0), [200]);
    globalThis.document = {};
    const refused = createClient(options);
    delete globalThis.document;
    await rejects(refused, { code: "invalid_argument", argument });
  }
});

describe("an answer that is not for this sign-in", () => {
  const ANEW = /begin the sign-in anew/;

  /** What comes of a callback URL that was changed; the session before it has to go on. */
  async function completed(change, expected) {
    const persistence = new MemoryStore();
    const client = await createClient(optionsFor({ persistence }));
    await callback(client);
    const { connection } = await completeSignIn(client);
    const before = persistence.record;
    const tab = await callback(client);
    const url = new URL(tab.url);
    change(url.searchParams);
    tab.url = url;
    tab.show(shared);
    const error = await rejects(completeSignIn(client), expected);
    assert.equal(tab.url, `${APP}/`);
    assert.equal(server.grants.length, 1);
    assert.deepEqual(persistence.record, before);
    assert.equal(connection.getSnapshot().state, "active");
    assert.equal(await completeSignIn(client), null);
    server.grants.length = 0;
    return error;
  }

  test("is refused by its state, its issuer, or its error, and changes nothing", async () => {
    const invalid = { code: "invalid_response", retryable: false };
    const error = await completed((parameters) => parameters.set("state", "x".repeat(43)), invalid);
    assert.match(error.message, ANEW);
    await completed((parameters) => parameters.set("iss", "https://other.example"), invalid);
    await completed((parameters) => parameters.delete("iss"), invalid);
    await completed((parameters) => parameters.append("code", "second"), invalid);
    const words = { error: "access_denied", error_description: "no, alice" };
    const answerWords = (parameters) => {
      parameters.delete("code");
      parameters.set("error", words.error);
      parameters.set("error_description", `${words.error_description}\n\u202e`);
    };
    await completed(answerWords, { code: "refused", ...words });
  });

  test("is refused in another tab, and in a copy of the tab, also at the same time", async () => {
    const client = await createClient(optionsFor());
    const tab = await callback(client);
    const [copy, foreign] = [tab.copy(), new Tab(tab.url)];
    foreign.show(shared);
    assert.match((await rejects(completeSignIn(client), { code: "invalid_response" })).message, ANEW);
    tab.show(shared);
    await completeSignIn(client);
    copy.show(shared);
    assert.match((await rejects(completeSignIn(client), { code: "invalid_response" })).message, ANEW);
    assert.equal(server.grants.length, 1);
  });

  test("is refused when it comes too late", async (t) => {
    const client = await createClient(optionsFor());
    const tab = await callback(client);
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 600_001 });
    assert.match((await rejects(completeSignIn(client), { code: "invalid_response" })).message, ANEW);
    assert.deepEqual(Object.keys(tab.sessionStorage), []);
    assert.equal(server.grants.length, 0);
  });

  for (const [what, changed] of Object.entries({
    "another nonce": { nonce: "other" },
    "another issuer": { iss: "https://other.example" },
    "another client": { aud: "other" },
    "an end that is past": { exp: 1 },
    "no nonce": { nonce: undefined },
  })) {
    test(`opens no session if its ID token has ${what}`, async () => {
      const persistence = new MemoryStore();
      const client = await createClient(optionsFor({ persistence, fetch: changingIdTokens(changed) }));
      await callback(client);
      await rejects(completeSignIn(client), { code: "invalid_response", retryable: false });
      assert.equal(await client.restore(), null);
      assert.equal(server.grants.length, 1);
    });
  }

  test("opens no session without an ID token where one was asked for", async () => {
    const client = await createClient(optionsFor({ fetch: changingIdTokens(undefined) }));
    await callback(client);
    await rejects(completeSignIn(client), { code: "invalid_response" });
  });

  test("of a refresh costs no session: the ID token before it stays", async () => {
    let changed = {};
    const client = await createClient(optionsFor({ fetch: (...args) => changingIdTokens(changed)(...args) }));
    await callback(client);
    const { connection } = await completeSignIn(client);
    const before = connection.retrieveIdToken();
    for (changed of [{ sub: "mallory" }, { iss: "https://other.example" }]) {
      await connection.getAccessToken({ rejected: await connection.getAccessToken() });
      assert.equal(connection.retrieveIdToken(), before);
    }
    changed = { email: "alice@example.com" };
    await connection.getAccessToken({ rejected: await connection.getAccessToken() });
    assert.equal(claims(connection).email, "alice@example.com");
  });

  test("whose exchange was lost is never sent again", async () => {
    for (const answer of [() => Promise.reject(new TypeError("lost")), () => new Response("<p>", { status: 502 })]) {
      let sends = 0;
      const send = (url, init) => (url.endsWith("/token") ? answer(sends++) : fetch(url, init));
      const client = await createClient(optionsFor({ fetch: send }));
      const tab = await callback(client);
      const error = await rejects(completeSignIn(client), { retryable: false });
      assert.match(error.code, /^(network|unavailable)$/);
      assert.match(error.message, ANEW);
      assert.equal(await completeSignIn(client), null);
      assert.equal(tab.url, `${APP}/`);
      assert.equal(sends, 1);
    }
  });
});
