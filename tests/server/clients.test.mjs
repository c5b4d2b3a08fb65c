import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";

const client_id = "demo-public-key";
const password = {
  grant_type: "password",
  username: "alice",
  password: "wonderland",
  scope: "meshy.api offline_access",
};
const basic = (id, secret) => ({
  authorization: `Basic ${Buffer.from([id, secret].map(encodeURIComponent).join(":")).toString("base64")}`,
});

async function start(t, options) {
  const server = await startAuthorizationServer(options);
  t.after(() => server.close());
  return async (endpoint, form, headers = {}) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${server.url}/demo/connect/${endpoint}`, { method: "POST", body, headers });
    const text = await response.text();
    return { status: response.status, body: text && JSON.parse(text) };
  };
}

describe("introspection", () => {
  test("tells whose a token is, of which kind and until when, to the client that it was issued to", async (t) => {
    const post = await start(t);
    const { body: tokens } = await post("token", { client_id, ...password });
    const { body } = await post("introspect", { client_id, token: tokens.access_token });
    assert.deepEqual([body.active, body.sub, body.client_id, body.token_type], [true, "alice", client_id, "Bearer"]);
    assert.equal(body.exp - body.iat, 60);
    const { body: other } = await post("introspect", { client_id, token: tokens.refresh_token });
    assert.deepEqual([other.active, other.token_type], [true, undefined]);
  });

  test("says of a token that is unknown or was revoked only that it is not active, and nothing to an unknown client", async (t) => {
    const post = await start(t);
    const { body: tokens } = await post("token", { client_id, ...password });
    const inactive = { status: 200, body: { active: false } };
    assert.deepEqual(await post("introspect", { client_id, token: "unknown" }), inactive);
    assert.equal((await post("introspect", { client_id: "nobody", token: tokens.access_token })).status, 401);
    assert.equal((await post("revocation", { client_id, token: tokens.access_token })).status, 200);
    assert.deepEqual(await post("introspect", { client_id, token: tokens.access_token }), inactive);
    assert.equal((await post("token", { client_id, grant_type: "refresh_token", ...tokens })).status, 200);
  });
});

describe("a client with a secret", () => {
  const secret = "s:%ecret";
  const accounts = [{ name: "demo", publicKey: client_id, tenants: ["default"], secret }];
  const users = [{ account: "demo", tenant: "default", username: "alice", password: "wonderland" }];

  test("needs it for each request, by Basic authentication", async (t) => {
    const post = await start(t, { accounts, users });
    const headers = basic(client_id, secret);
    const { body: tokens } = await post("token", { client_id, ...password }, headers);
    const requests = [
      ["token", password],
      ["token", { grant_type: "refresh_token", refresh_token: tokens.refresh_token }],
      ["introspect", { token: tokens.access_token }],
      ["revocation", { token: tokens.access_token }],
    ];
    for (const [endpoint, form] of requests) {
      for (const wrong of [{}, basic(client_id, "other")]) {
        const { status, body } = await post(endpoint, { client_id, ...form }, wrong);
        assert.equal(body.error, "invalid_client", endpoint);
        assert.ok([400, 401].includes(status));
      }
      assert.equal((await post(endpoint, { client_id, ...form }, headers)).status, 200, endpoint);
    }
  });
});
