import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  completeSignIn,
  createClient,
  signInWithPopup,
  signInWithRedirect,
  signOutWithRedirect,
} from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { gate } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { Storage, Tab } from "../shared/tab.mjs";
import { inTime } from "../shared/time.mjs";
import { settled } from "../shared/waiting.mjs";
import { APP, asked, begin, create, ISSUER, metadata, OIDC, RFC_8414, serverOf, tokens } from "./issuer.mjs";

/** Runs where the access token of a stored session has expired; each client that is `restored` has yet to find the server. */
function afterExpiry(run) {
  return inTime(async (time) => {
    const documents = { [OIDC]: Response.json(metadata), "/t": () => Response.json(tokens) };
    const options = { fetch: serverOf(documents), persistence: new MemoryStore() };
    await time.settling((await create(options)).loginWithGrant("a"));
    await time.pass(120_000);
    const restored = async () => time.settling((await create(options)).restore());
    await run({ time, documents, options, restored });
  });
}

describe("discovery", () => {
  test("is OpenID Connect's, else that of RFC 8414, once", async () => {
    const fetch = serverOf({ [RFC_8414]: Response.json(metadata), "/t": () => Response.json(tokens) });
    const { client, url } = await begin({ fetch, scope: "a b" }, { parameters: { prompt: "login", state: "mine" } });
    assert.equal(url.origin + url.pathname, `${ISSUER}/authorize`);
    const { code_challenge, state, ...others } = Object.fromEntries(url.searchParams);
    assert.match(code_challenge, /^[\w-]{43}$/);
    assert.match(state, /^[\w-]{43}$/);
    const fixed = { response_type: "code", client_id: "app", redirect_uri: APP, code_challenge_method: "S256" };
    assert.deepEqual(others, { ...fixed, scope: "a b", prompt: "login" });
    await client.loginWithGrant("a", {});
    assert.deepEqual(asked, [OIDC, RFC_8414, "/t"]);
  });

  for (const [what, document] of Object.entries({
    "of another issuer": Response.json({ ...metadata, issuer: "https://other.example" }),
    "of HTML": new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    "of 10 MB": Response.json({ ...metadata, more: "x".repeat(10_000_000) }),
    "with an endpoint that is http elsewhere": Response.json({ ...metadata, token_endpoint: "http://auth.example/t" }),
    "with an endpoint that is a script": Response.json({ ...metadata, authorization_endpoint: "javascript:alert(1)" }),
    "that redirects": new Response("", { status: 302, headers: { location: "https://other.example" } }),
  })) {
    test(`of a document ${what} is invalid_response, and nothing is stored`, async () => {
      const persistence = new MemoryStore();
      const fetch = serverOf({ [OIDC]: document });
      await rejects(begin({ fetch, persistence }), { code: "invalid_response", retryable: false });
      assert.deepEqual(Object.keys(sessionStorage), []);
      assert.equal(persistence.values.size, 0);
      assert.ok(asked.includes(OIDC));
    });
  }

  test("that failed is tried again when it is needed next, and stands in no restore's way", async () => {
    const documents = { [OIDC]: () => new Response("", { status: 503 }) };
    const client = await create({ fetch: serverOf(documents) });
    assert.equal(await client.restore(), null);
    assert.deepEqual(asked, []);
    new Tab(APP).show(new Storage());
    await rejects(signInWithRedirect(client, { redirectUri: APP }), { code: "unavailable", retryable: true });
    documents[OIDC] = () => Promise.reject(new TypeError("offline"));
    documents[RFC_8414] = documents[OIDC];
    await rejects(signInWithRedirect(client, { redirectUri: APP }), { code: "network", retryable: true });
    await rejects(client.loginWithGrant("a"), { code: "network", retryable: true });
    documents[OIDC] = Response.json(metadata);
    documents["/t"] = Response.json(tokens);
    assert.equal(await (await client.loginWithGrant("a")).getAccessToken(), "a");
  });

  test("that fails before a refresh is no lost answer", async () => {
    await afterExpiry(async ({ time, documents, restored }) => {
      documents[OIDC] = documents[RFC_8414] = () => Promise.reject(new TypeError("offline"));
      const connection = await restored();
      await rejects(time.settling(connection.getAccessToken()), { code: "network", retryable: true });
      documents[OIDC] = Response.json(metadata);
      documents["/t"] = () => Response.json({ error: "invalid_grant" }, { status: 400 });
      const ended = { code: "session_ended", reason: "invalid_grant" };
      await rejects(time.settling(connection.getAccessToken()), ended);
    });
  });

  test("that answers after its calls were given up sends nothing for them", async () => {
    await afterExpiry(async ({ time, documents, restored }) => {
      const { promise, open } = gate();
      documents[OIDC] = () => promise.then(() => Response.json(metadata));
      const connection = await restored();
      for (let call = 1; call <= 3; call += 1) {
        await rejects(time.settling(connection.getAccessToken()), { code: "timeout", retryable: true });
        await time.pass(60_000);
      }
      asked.length = 0;
      open();
      await settled();
      assert.deepEqual(asked, []);
      assert.equal(connection.getSnapshot().state, "active");
      assert.equal(await time.settling(connection.getAccessToken()), "a");
      assert.deepEqual(asked, ["/t"]);
    });
  });

  test("without a token endpoint is unsupported, and a refresh meanwhile spends nothing", async () => {
    await afterExpiry(async ({ time, documents, options, restored }) => {
      documents[OIDC] = Response.json({ ...metadata, token_endpoint: undefined });
      await rejects(begin(options), { code: "unsupported", retryable: false });
      const connection = await restored();
      asked.length = 0;
      await rejects(time.settling(connection.getAccessToken()), { code: "network", retryable: true });
      assert.ok(asked.every((path) => path === OIDC));
      documents[OIDC] = Response.json(metadata);
      documents["/t"] = () => Response.json({ error: "invalid_grant" }, { status: 400 });
      const ended = { code: "session_ended", reason: "invalid_grant" };
      await rejects(time.settling(connection.getAccessToken()), ended);
    });
  });

  test("that is limited is unavailable, and tried again", async () => {
    const documents = { [OIDC]: new Response("", { status: 429 }) };
    const options = { fetch: serverOf(documents) };
    await rejects(begin(options), { code: "unavailable", status: 429, retryable: true });
    documents[OIDC] = Response.json(metadata);
    assert.equal((await begin(options)).url.origin, ISSUER);
  });

  for (const nothing of [null, ""]) {
    test(`takes an endpoint that is ${JSON.stringify(nothing)} for none`, async () => {
      const document = { ...metadata, revocation_endpoint: nothing, end_session_endpoint: nothing };
      const answering = serverOf({ [OIDC]: Response.json(document), "/t": Response.json(tokens) });
      const urls = [];
      const fetch = (url, init) => urls.push(url) && answering(url, init);
      const { client } = await begin({ fetch });
      const connection = await client.loginWithGrant("a");
      const error = await rejects(signOutWithRedirect(client, { connection }), { code: "unsupported" });
      assert.match(error.message, /endSessionEndpoint/);
      await settled();
      assert.deepEqual(urls.map(String), [ISSUER + OIDC, metadata.token_endpoint]);
    });
  }

  test("of what is no endpoint there is unsupported, and names the option", async () => {
    const fetch = serverOf({ [OIDC]: Response.json(metadata), "/t": Response.json(tokens) });
    const client = await create({ fetch });
    const connection = await client.loginWithGrant("a");
    new Tab(APP).show(new Storage());
    const error = await rejects(signOutWithRedirect(client, { connection }), { code: "unsupported" });
    assert.match(error.message, /endSessionEndpoint/);
    assert.equal(connection.getSnapshot().state, "ended");
    assert.deepEqual(asked, [OIDC, "/t"]);
  });

  test("may be corrected by an endpoint that is given", async () => {
    const fetch = serverOf({ [OIDC]: Response.json(metadata) });
    const { url } = await begin({ fetch, authorizationEndpoint: "https://login.example/a?tenant=b" });
    assert.equal(url.host, "login.example");
    assert.equal(url.searchParams.get("tenant"), "b");
    assert.equal(url.searchParams.get("client_id"), "app");
  });
});

describe("a pushed request", () => {
  const pushed = { ...metadata, pushed_authorization_request_endpoint: `${ISSUER}/par` };
  const taken = () => Response.json({ request_uri: "urn:r", expires_in: 60 }, { status: 201 });

  test("is all that the URL has, where the server takes it", async () => {
    const { url } = await begin({ fetch: serverOf({ [OIDC]: Response.json(pushed), "/par": taken }) });
    assert.deepEqual(Object.fromEntries(url.searchParams), { client_id: "app", request_uri: "urn:r" });
  });

  test("is none where it is refused and need not be, else an error", async () => {
    const refused = () => Response.json({ error: "invalid_request" }, { status: 400 });
    const { url } = await begin({ fetch: serverOf({ [OIDC]: Response.json(pushed), "/par": refused }) });
    assert.equal(url.searchParams.get("response_type"), "code");
    const required = Response.json({ ...pushed, require_pushed_authorization_requests: true });
    const expected = { code: "refused", error: "invalid_request", status: 400 };
    await rejects(begin({ fetch: serverOf({ [OIDC]: required, "/par": refused }) }), expected);
  });

  test("has its answer read up to 64 KiB", async () => {
    const required = Response.json({ ...pushed, require_pushed_authorization_requests: true });
    const members = JSON.stringify({ request_uri: "urn:r", expires_in: 60 });
    const headers = { "content-type": "application/json" };
    const answered = (length) =>
      begin({
        fetch: serverOf({ [OIDC]: required, "/par": new Response(members.padEnd(length), { status: 201, headers }) }),
      });
    assert.equal((await answered(65_536)).url.searchParams.get("request_uri"), "urn:r");
    await rejects(answered(65_537), { code: "invalid_response" });
  });
});

test("arguments are checked before anything is asked or stored", async () => {
  const fetch = serverOf({});
  const valid = { issuer: ISSUER, clientId: "app", fetch };
  for (const [argument, options] of [
    ["options", undefined],
    ["issuer", {}],
    ["issuer", { issuer: "http://auth.example" }],
    ["issuer", { issuer: "auth.example" }],
    ["issuer", { issuer: `${ISSUER}/?a=b` }],
    ["issuer", { issuer: undefined, tokenEndpoint: `${ISSUER}/t`, scope: "openid" }],
    ["tokenEndpoint", { tokenEndpoint: "http://auth.example/t" }],
    ["endSessionEndpoint", { endSessionEndpoint: "x" }],
    ["clientId", { clientId: "" }],
    ["clientSecret", { clientSecret: 5 }],
    ["apiUrl", { apiUrl: "http://api.example" }],
    ["isuer", { isuer: ISSUER }],
    ["fetch", { fetch: 5 }],
  ]) {
    const given =
      options && argument === "issuer" && !Object.keys(options).length ? { clientId: "app" } : { ...valid, ...options };
    await rejects(createClient(options && given), { code: "invalid_argument", argument });
  }
  const client = await createClient(valid);
  new Tab(APP).show(new Storage());
  for (const [argument, options] of [
    ["redirectUri", undefined],
    ["redirectUri", { redirectUri: "https://other.example/" }],
    ["redirectUri", { redirectUri: "/" }],
    ["returnTo", { redirectUri: APP, returnTo: "https://other.example/" }],
    ["returnTo", { redirectUri: APP, returnTo: "javascript:alert(1)" }],
  ]) {
    await rejects(signInWithRedirect(client, options), { code: "invalid_argument", argument });
  }
  for (const use of [completeSignIn, signInWithRedirect, signOutWithRedirect]) {
    await rejects(use({}), { code: "invalid_argument", argument: "client" });
  }
  const connection = { signout: () => assert.fail("signed out") };
  for (const [argument, options] of [
    ["connection", undefined],
    ["postLogoutRedirectUri", { connection, postLogoutRedirectUri: "https://other.example/" }],
  ]) {
    await rejects(signOutWithRedirect(client, options), { code: "invalid_argument", argument });
  }
  assert.deepEqual(asked, []);
  assert.deepEqual(Object.keys(sessionStorage), []);
});

test("where there is no page, or its sessionStorage is blocked, nothing is begun", async () => {
  const fetch = serverOf({ [OIDC]: Response.json(metadata) });
  const client = await create({ fetch });
  const tab = new Tab(APP);
  tab.show(new Storage());
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, get: () => assert.fail("blocked") });
  const blocked = { code: "unsupported", message: "unsupported: sessionStorage is blocked here" };
  assert.equal(await completeSignIn(client), null);
  await rejects(signInWithRedirect(client, { redirectUri: APP }), blocked);
  tab.url = `${APP}?code=a&state=b`;
  location.href = tab.url;
  await rejects(completeSignIn(client), blocked);
  for (const name of ["sessionStorage", "location"]) delete globalThis[name];
  for (const use of [completeSignIn, signInWithRedirect, signInWithPopup]) {
    await rejects(use(client, { redirectUri: APP }), { code: "unsupported", message: "unsupported: it is for pages" });
  }
});
