import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, mock, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";

const scope = "meshy.api offline_access";
let server;
before(async () => {
  server = await startAuthorizationServer();
});
after(() => server.close());

describe("the token endpoint", () => {
  test("answers a password grant with exactly what OAuth 2.0 asks for", async () => {
    const { status, headers, body } = await logIn();
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
    assert.equal(body.expires_in, 60);
    assert.equal(body.token_type, "Bearer");
    assert.equal(body.scope, scope);
    assert.equal(headers.get("cache-control"), "no-store");
  });

  test("gives no refresh token unless offline_access was asked for", async () => {
    const { status, body } = await logIn({ scope: "meshy.api" });
    assert.equal(status, 200);
    assert.equal("refresh_token" in body, false);
  });

  const refused = [
    ["a wrong password", { password: "wrong" }, 400, "invalid_grant"],
    ["an unknown user", { username: "nobody" }, 400, "invalid_grant"],
    ["a missing password", { password: undefined }, 400, "invalid_request"],
    ["an unknown client", { client_id: "nobody" }, 401, "invalid_client"],
    ["an unknown scope", { scope: "everything" }, 400, "invalid_scope"],
    ["an unknown grant type", { grant_type: "telepathy" }, 400, "unsupported_grant_type"],
  ];
  for (const [what, change, status, error] of refused) {
    test(`refuses ${what} as ${error}`, async () => {
      const answer = await logIn(change);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error, error);
    });
  }

  test("is found under localhost too", async () => {
    const { status } = await logIn({}, { base: server.url.replace("127.0.0.1", "localhost") });
    assert.equal(status, 200);
  });
});

describe("a refresh token", () => {
  test("is rotated", async () => {
    const { body: first } = await logIn();
    const { status, body: second } = await refresh(first);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(second).sort(), [
      "access_token",
      "expires_in",
      "refresh_token",
      "scope",
      "token_type",
    ]);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.notEqual(second.access_token, first.access_token);
    assert.equal((await refresh(second)).status, 200);
  });

  test("that is used again ends its whole family", async () => {
    const { body: first } = await logIn();
    const { body: second } = await refresh(first);
    assert.equal((await refresh(first)).body.error, "invalid_grant");
    assert.equal((await refresh(second)).body.error, "invalid_grant");
    assert.equal((await me(second)).status, 401);
  });

  test("that is used several times at once is accepted once and ends its whole family", async () => {
    const { body: first } = await logIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(first)));
    const accepted = answers.filter(({ status }) => status === 200);
    assert.equal(accepted.length, 1);
    assert.equal((await refresh(accepted[0].body)).body.error, "invalid_grant");
    assert.equal((await me(accepted[0].body)).status, 401);
  });

  test("takes its access token along when it is revoked", async () => {
    const { body: tokens } = await logIn();
    assert.equal((await me(tokens)).status, 200);
    assert.equal((await revoke(tokens)).status, 200);
    assert.equal((await me(tokens)).status, 401);
    assert.equal((await refresh(tokens)).body.error, "invalid_grant");
    assert.equal((await revoke(tokens)).status, 200);
  });

  test("outlives its access token", async () => {
    const { body: tokens } = await logIn();
    const issuedAt = Date.now();
    const clock = mock.method(Date, "now");
    const travelTo = (seconds) => clock.mock.mockImplementation(() => issuedAt + seconds * 1000);
    try {
      travelTo(59);
      assert.equal((await me(tokens)).status, 200);
      travelTo(61);
      assert.equal((await me(tokens)).status, 401);
      const { status, body: rotated } = await refresh(tokens);
      assert.equal(status, 200);
      travelTo(15 * 24 * 3600);
      assert.equal((await refresh(rotated)).body.error, "invalid_grant");
    } finally {
      clock.mock.restore();
    }
  });
});

describe("accounts and tenants", () => {
  const carol = { username: "carol", password: "acme-secret" };
  const other = { client_id: "other-public-key", password: "looking-glass" };

  test("know only their own users", async () => {
    assert.equal((await logIn(carol, { tenant: "acme" })).status, 200);
    assert.equal((await logIn(carol)).body.error, "invalid_grant");
    assert.equal((await logIn({}, { tenant: "acme" })).body.error, "invalid_grant");
    assert.equal((await logIn(other, { account: "other" })).status, 200);
    assert.equal((await logIn({ client_id: "other-public-key" }, { account: "other" })).body.error, "invalid_grant");
    assert.equal((await logIn({}, { account: "other" })).body.error, "invalid_client");
  });

  test("know only their own tokens", async () => {
    const { body: tokens } = await logIn(carol, { tenant: "acme" });
    assert.equal((await refresh(tokens)).body.error, "invalid_grant");
    assert.equal(
      (await refresh(tokens, { account: "other", client_id: "other-public-key" })).body.error,
      "invalid_grant",
    );
    assert.equal((await me(tokens)).status, 401);
    assert.equal((await me(tokens, { account: "other" })).status, 401);
    assert.equal((await revoke(tokens)).status, 200);
    assert.equal((await me(tokens, { tenant: "acme" })).status, 200);
    assert.equal((await refresh(tokens, { tenant: "acme" })).status, 200);
  });

  test("that do not exist are refused", async () => {
    const account = await logIn({}, { account: "nobody" });
    assert.equal(account.status, 404);
    assert.equal(account.body.error, "invalid_request");
    const tenant = await logIn({}, { tenant: "nobody" });
    assert.equal(tenant.status, 400);
    assert.equal(tenant.body.error, "invalid_request");
  });

  test("can be given other users", async () => {
    const users = [{ account: "demo", tenant: "default", username: "dora", password: "map" }];
    const own = await startAuthorizationServer({ users, accessTokenLifetime: 5 });
    try {
      const { status, body } = await logIn({ username: "dora", password: "map" }, { base: own.url });
      assert.equal(status, 200);
      assert.equal(body.expires_in, 5);
      assert.equal((await logIn({}, { base: own.url })).body.error, "invalid_grant");
    } finally {
      await own.close();
    }
  });
});

describe("the protected API", () => {
  test("says whose token it was given", async () => {
    const { body: tokens } = await logIn();
    const { status, body } = await me(tokens);
    assert.equal(status, 200);
    const { expires_in, ...identity } = body;
    assert.deepEqual(identity, { account: "demo", tenant: "default", username: "alice", scope });
    assert.ok(expires_in > 50 && expires_in <= 60);
  });

  test("answers the length and type of what it was sent", async () => {
    const { body: tokens } = await logIn();
    const { body } = await call("/api/demo/echo", {
      method: "POST",
      headers: { Authorization: `Bearer ${tokens.access_token}`, "Content-Type": "text/plain" },
      body: "héllo",
    });
    assert.deepEqual(body, { length: 6, content_type: "text/plain" });
  });

  for (const [what, headers] of [
    ["no token", {}],
    ["an unknown token", { Authorization: "Bearer nothing" }],
    ["another scheme", { Authorization: "Basic bm90aGluZw==" }],
  ]) {
    test(`refuses ${what}`, async () => {
      const answer = await call("/api/demo/me", { headers });
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer error="invalid_token"');
    });
  }
});

describe("the server", () => {
  test("answers a preflight from any origin, whatever the path", async () => {
    for (const path of ["/demo/connect/token", "/demo/connect/revocation", "/api/demo/me", "/nobody/connect/token"]) {
      const { status, headers } = await call(path, {
        method: "OPTIONS",
        headers: {
          Origin: "https://app.example",
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,tenant",
        },
      });
      assert.equal(status, 204);
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("access-control-allow-headers"), "Authorization, Content-Type, Tenant");
      assert.equal(headers.get("access-control-allow-credentials"), null);
    }
  });

  test("lets any origin read every answer", async () => {
    const { body: tokens } = await logIn();
    for (const { headers } of [await logIn({ password: "wrong" }), await revoke(tokens), await me(tokens)]) {
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.equal(headers.get("access-control-expose-headers"), "Retry-After, WWW-Authenticate");
    }
  });

  test("keeps what came in, without any secret", async () => {
    const own = await startAuthorizationServer();
    try {
      const { body: tokens } = await logIn({}, { base: own.url });
      await refresh(tokens, { base: own.url });
      await me(tokens, { base: own.url, query: `?token=${tokens.access_token}` });
      await logIn({ password: "mistyped" }, { base: own.url });
      const line = ({ method, path, account, tenant, grant_type, status }) =>
        [method, path, account, tenant, grant_type, status].join(" ");
      assert.deepEqual(own.requests.map(line), [
        "POST /demo/connect/token demo default password 200",
        "POST /demo/connect/token demo default refresh_token 200",
        "GET /api/demo/me demo default  200",
        "POST /demo/connect/token demo default password 400",
      ]);
      const kept = JSON.stringify(own.requests);
      for (const secret of [tokens.access_token, tokens.refresh_token, "wonderland", "mistyped"]) {
        assert.equal(kept.includes(secret), false);
      }
    } finally {
      await own.close();
    }
  });

  const ask = async (Host, path, method = "GET") => {
    const asked = request(server.url + path, { method, headers: Host === undefined ? {} : { Host }, setHost: false });
    const [response] = await once(asked.end(method === "PUT" ? "[]" : undefined), "response");
    return [response.statusCode, response.headers["access-control-allow-origin"], await text(response)];
  };

  test("refuses what a browser asks for that was led here by another name", async () => {
    const rebound = ["app.example", `app.example:${server.port}`, "localhost.app.example", "127.0.0.1.app.example"];
    for (const host of [...rebound, "localhost:80.app.example", "10.0.0.1", "[::2]", ""]) {
      for (const path of ["/faults", "/demo/connect/token", "/api/demo/me"]) {
        for (const method of ["GET", "PUT", "OPTIONS"]) {
          const [status, origin, body] = await ask(host, path, method);
          assert.deepEqual([status, origin], [403, undefined], `${method} ${path} of ${host}`);
          assert.match(JSON.parse(body).error_description, /^the Host must be localhost or a loopback address/);
        }
      }
    }
  });

  test("answers under each name of this machine, also behind a proxy at another port", async () => {
    const names = ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"];
    for (const name of names) {
      for (const host of [name, `${name}:${server.port}`, `${name}:5173`]) {
        assert.equal((await ask(host, "/faults"))[0], 200, host);
        assert.equal((await ask(host, "/api/demo/me"))[0], 401, host);
      }
    }
  });

  test("says what to do when its port is taken", async () => {
    await assert.rejects(startAuthorizationServer({ port: server.port }), {
      message: `port ${server.port} is in use: stop what listens there or set another port`,
    });
  });

  test("closes at once although a request is under way", async () => {
    const own = await startAuthorizationServer();
    const socket = connect(own.port, "127.0.0.1");
    const ended = new Promise((resolve) => socket.on("error", resolve).on("close", resolve));
    const head = ["POST /demo/connect/token HTTP/1.1", "Host: localhost", "Content-Length: 9", "Expect: 100-continue"];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await once(socket, "data");
    await Promise.all([own.close(), ended]);
  });

  test("prints nothing of its own, and neither does oidc-provider", async () => {
    const module = new URL("../../dev/authorization-server.mjs", import.meta.url).href;
    const script = `
      const { startAuthorizationServer } = await import(${JSON.stringify(module)});
      const server = await startAuthorizationServer();
      const grant = { grant_type: "password", client_id: "demo-public-key", username: "alice", password: "wonderland" };
      const body = new URLSearchParams(grant);
      const answer = await fetch(server.url + "/demo/connect/token", { method: "POST", body });
      console.log("status", answer.status);
      await server.close();`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.deepEqual({ stdout, stderr }, { stdout: "status 200\n", stderr: "" });
  });
});

function logIn(change = {}, { account = "demo", ...options } = {}) {
  const grant = {
    grant_type: "password",
    client_id: "demo-public-key",
    username: "alice",
    password: "wonderland",
    scope,
  };
  return post(`/${account}/connect/token`, { ...grant, ...change }, options);
}

function refresh({ refresh_token }, { account = "demo", client_id = "demo-public-key", ...options } = {}) {
  return post(`/${account}/connect/token`, { grant_type: "refresh_token", client_id, refresh_token }, options);
}

function revoke({ refresh_token }) {
  const form = { token: refresh_token, token_type_hint: "refresh_token", client_id: "demo-public-key" };
  return post("/demo/connect/revocation", form);
}

function me({ access_token }, { account = "demo", tenant, base, query = "" } = {}) {
  const headers = { Authorization: `Bearer ${access_token}`, ...(tenant && { Tenant: tenant }) };
  return call(`/api/${account}/me${query}`, { headers }, base);
}

function post(path, form, { tenant, base } = {}) {
  const body = new URLSearchParams(Object.entries(form).filter(([, value]) => value !== undefined));
  return call(path, { method: "POST", body, headers: tenant ? { Tenant: tenant } : {} }, base);
}

async function call(path, init, base = server.url) {
  const response = await fetch(base + path, init);
  const body = await response.text();
  return { status: response.status, headers: response.headers, body: body && JSON.parse(body) };
}
