import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";

const redirectUri = "http://localhost:1234/back?place=1";
const verifier = "a".repeat(43);
const authorization = {
  client_id: "demo-public-key",
  response_type: "code",
  redirect_uri: redirectUri,
  scope: "openid meshy.api offline_access",
  prompt: "consent",
  state: "a-state",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
};

let server;
before(async () => {
  server = await startAuthorizationServer({ reuseWindow: 30 });
});
after(() => server.close());

/** A browser that keeps its cookies, and follows redirects only when it is told to. */
function newBrowser() {
  const cookies = new Map();
  return async (url, form) => {
    const response = await fetch(url, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      body: form && new URLSearchParams(form),
    });
    for (const cookie of response.headers.getSetCookie()) cookies.set(...cookie.split(";")[0].split(/=(.*)/s, 2));
    const next = response.headers.get("location");
    const { status, headers } = response;
    return { status, headers, next: next && new URL(next, url).href, text: await response.text() };
  };
}

/** As far as the page that asks. */
async function begin(visit, { tenant = "", ...change } = {}) {
  const query = new URLSearchParams({ ...authorization, ...change });
  const { status, next, text } = await visit(`${server.url}/demo${tenant}/connect/authorize?${query}`);
  return { status, page: next, text };
}

/** From the user's answer back to the application. */
async function end(visit, page, form) {
  const { next } = await visit(page, form);
  const back = new URL((await visit(next)).next);
  return { back, ...Object.fromEntries(back.searchParams) };
}

async function post(path, form) {
  const response = await fetch(server.url + path, { method: "POST", body: new URLSearchParams(form) });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

const exchange = (code, { tenant = "", ...change } = {}) =>
  post(`/demo${tenant}/connect/token`, {
    grant_type: "authorization_code",
    client_id: "demo-public-key",
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    ...change,
  });

async function signIn(visit, change) {
  const { page } = await begin(visit, change);
  return end(visit, page, { username: "alice", answer: "allow" });
}

describe("the code flow", () => {
  test("ends with tokens that are refreshed, asked with and revoked as all others are", async () => {
    const { code, state, iss, place } = await signIn(newBrowser());
    assert.deepEqual({ state, iss, place }, { state: "a-state", iss: `${server.url}/demo`, place: "1" });
    const { status, body } = await exchange(code);
    assert.equal(status, 200);
    assert.equal(body.scope, authorization.scope);
    const { sub, aud } = JSON.parse(Buffer.from(body.id_token.split(".")[1], "base64url"));
    assert.deepEqual({ sub, aud }, { sub: "alice", aud: "demo-public-key" });
    const client_id = "demo-public-key";
    const rotate = { grant_type: "refresh_token", client_id, refresh_token: body.refresh_token };
    const { body: rotated } = await post("/demo/connect/token", rotate);
    const me = () =>
      fetch(`${server.url}/api/demo/me`, { headers: { authorization: `Bearer ${rotated.access_token}` } });
    assert.equal((await (await me()).json()).username, "alice");
    await post("/demo/connect/revocation", { client_id, token: rotated.refresh_token });
    assert.equal((await me()).status, 401);
  });

  test("takes a code once, also where a refresh token is accepted again, and ends what it has opened", async () => {
    const { code } = await signIn(newBrowser());
    const { body } = await exchange(code);
    assert.equal((await exchange(code)).body.error, "invalid_grant");
    const form = { grant_type: "refresh_token", client_id: "demo-public-key", refresh_token: body.refresh_token };
    assert.equal((await post("/demo/connect/token", form)).body.error, "invalid_grant");
  });

  test("takes no code without its verifier", async () => {
    const { code } = await signIn(newBrowser());
    assert.equal((await exchange(code, { code_verifier: "b".repeat(43) })).body.error, "invalid_grant");
  });

  test("gives each sign-in a grant of its own: the end of one is not that of another", async () => {
    const visit = newBrowser();
    const sessions = [];
    for (let count = 0; count < 2; count += 1) sessions.push((await exchange((await signIn(visit)).code)).body);
    const [first, second] = sessions;
    const client_id = "demo-public-key";
    await post("/demo/connect/revocation", { client_id, token: first.refresh_token });
    const form = { grant_type: "refresh_token", client_id, refresh_token: second.refresh_token };
    assert.equal((await post("/demo/connect/token", form)).status, 200);
  });

  test("meets the faults of token requests, and no others", async () => {
    server.setFaults([{ name: "unavailable", times: 1 }]);
    const { code } = await signIn(newBrowser());
    assert.equal((await exchange(code)).status, 503);
    assert.equal((await exchange(code)).status, 200);
    const { grant_type, fault, fingerprint } = server.requests.at(-2);
    assert.deepEqual(
      { grant_type, fault, fingerprint },
      { grant_type: "authorization_code", fault: "unavailable", fingerprint: null },
    );
  });

  test("knows each tenant by an issuer of its own, whose users and codes are its own", async () => {
    const tenant = "/acme";
    const discovery = `${server.url}/demo${tenant}/.well-known/openid-configuration`;
    const { issuer, token_endpoint } = await (await fetch(discovery)).json();
    assert.deepEqual(
      { issuer, token_endpoint },
      { issuer: `${server.url}/demo/acme`, token_endpoint: `${server.url}/demo/acme/connect/token` },
    );
    const visit = newBrowser();
    const { page } = await begin(visit, { tenant });
    assert.match((await visit(page, { username: "alice", answer: "allow" })).text, /There is no user alice here\./);
    const { code } = await end(visit, page, { username: "carol", answer: "allow" });
    assert.equal((await exchange(code)).body.error, "invalid_grant");
    const { body } = await exchange(code, { tenant });
    const headers = { authorization: `Bearer ${body.access_token}` };
    const { username, tenant: named } = await (await fetch(`${server.url}/api/demo/acme/me`, { headers })).json();
    assert.deepEqual({ username, named }, { username: "carol", named: "acme" });
    assert.equal((await fetch(`${server.url}/api/demo/me`, { headers })).status, 401);
  });
});

describe("the sign-in page", () => {
  test("loads nothing, runs nothing, and leads to the application and nowhere else", async () => {
    const visit = newBrowser();
    const { headers, text } = await visit((await begin(visit)).page);
    const style = createHash("sha256")
      .update(/<style>(.*)<\/style>/s.exec(text)[1])
      .digest("base64");
    assert.deepEqual(headers.get("content-security-policy").split("; "), [
      "default-src 'none'",
      `style-src 'sha256-${style}'`,
      "img-src data:",
      "form-action 'self' http://localhost:1234",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    assert.doesNotMatch(text, /<script|https?:(?!\/\/(localhost:1234|127\.0\.0\.1:\d+\/demo)<)/);
  });

  test("says no for the user", async () => {
    const visit = newBrowser();
    const { page } = await begin(visit);
    const { back, error, code } = await end(visit, page, { username: "alice", answer: "deny" });
    assert.deepEqual(
      { origin: back.origin, error, code },
      { origin: "http://localhost:1234", error: "access_denied", code: undefined },
    );
  });

  test("asks for a name until there is one that it knows", async () => {
    const visit = newBrowser();
    const { page } = await begin(visit);
    for (const [username, problem] of [
      ["", "Who are you?"],
      ["<i>", "There is no user &lt;i> here."],
      ["carol", "There is no user carol here."],
    ]) {
      const { status, text } = await visit(page, { username, answer: "allow" });
      assert.equal(status, 400);
      assert.ok(text.includes(problem), text);
    }
    assert.ok((await end(visit, page, { username: "bob", answer: "allow" })).code);
  });

  test("is over once it was answered, and is nothing to another browser", async () => {
    const visit = newBrowser();
    const { page } = await begin(visit);
    for (const [form] of [[], [{ username: "alice", answer: "allow" }]]) {
      const { status, text } = await newBrowser()(page, form);
      assert.equal(status, 400);
      assert.match(text, /This sign-in is over\. Begin it anew at the application\./);
    }
    await end(visit, page, { username: "alice", answer: "allow" });
    assert.equal((await visit(page)).status, 400);
  });

  test("fills in who is signed in, and who is asked for", async () => {
    const visit = newBrowser();
    const shown = async (change) => /value="(\w*)"/.exec((await visit((await begin(visit, change)).page)).text)[1];
    assert.equal(await shown(), "");
    assert.equal(await shown({ login_hint: "bob" }), "bob");
    await signIn(visit);
    assert.equal(await shown({ login_hint: "bob" }), "alice");
  });

  for (const uri of [
    "https://app.example/",
    "http://127.0.0.1.app.example/",
    "javascript:alert(1)",
    "app://localhost/",
    "/",
  ]) {
    test(`is not shown to a client that wants to come back at ${uri}`, async () => {
      const { status, page, text } = await begin(newBrowser(), { redirect_uri: uri });
      assert.deepEqual({ status, page }, { status: 400, page: null });
      assert.match(JSON.parse(text).error, /^invalid_re(quest|direct_uri)$/);
    });
  }
});

describe("the sign-out page", () => {
  const leave = (visit, change) =>
    visit(`${server.url}/demo/connect/sign-out?${new URLSearchParams({ client_id: "demo-public-key", ...change })}`);
  const formOf = ({ text }) => ({ xsrf: /name="xsrf" value="(\w+)"/.exec(text)[1] });
  const confirm = (visit, form) => visit(`${server.url}/demo/connect/sign-out/confirm`, form);

  test("goes back to the application, and the next sign-in knows nobody", async () => {
    const visit = newBrowser();
    await signIn(visit);
    const asked = await leave(visit, { post_logout_redirect_uri: "http://127.0.0.1:5/bye" });
    assert.match(asked.headers.get("content-security-policy"), /form-action 'self' http:\/\/127\.0\.0\.1:5;/);
    const { next } = await confirm(visit, { ...formOf(asked), logout: "yes" });
    assert.equal(next, "http://127.0.0.1:5/bye");
    assert.match((await visit((await begin(visit)).page)).text, /name="username" value=""/);
  });

  test("ends tokens without offline_access, and no others", async () => {
    for (const [scope, status] of [
      ["openid meshy.api", 401],
      [authorization.scope, 200],
    ]) {
      const visit = newBrowser();
      const { body } = await exchange((await signIn(visit, { scope })).code);
      const headers = { authorization: `Bearer ${body.access_token}` };
      const me = async () => (await fetch(`${server.url}/api/demo/me`, { headers })).status;
      assert.equal(await me(), 200);
      await confirm(visit, { ...formOf(await leave(visit)), logout: "yes" });
      assert.equal(await me(), status);
    }
  });

  test("ends at a page of its own where no application waits", async () => {
    const visit = newBrowser();
    await signIn(visit);
    const { next } = await confirm(visit, { ...formOf(await leave(visit)), logout: "yes" });
    assert.match((await visit(next)).text, /<h1>Signed out<\/h1>/);
  });

  test("goes back to no other machine", async () => {
    assert.equal((await leave(newBrowser(), { post_logout_redirect_uri: "https://app.example/" })).status, 400);
  });
});
