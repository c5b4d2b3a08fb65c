import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { createClient } from "../../pkg/mcp.js";
import { signInWithDevice, signInWithLoopback } from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { submit } from "../shared/tab.mjs";
import { makes } from "./makes.mjs";
import { loopback, startServers } from "./servers.mjs";

const REFRESH = "refresh_token";

let mcp;
let authorization;
let persistence;
let close;
before(async () => {
  ({ mcp, authorization, close } = await startServers());
});
after(() => close());
beforeEach(() => {
  persistence = new MemoryStore();
  authorization.requests.length = 0;
  authorization.registered.length = 0;
});

const create = (options) => createClient({ url: mcp.url, clientName: "A tool", persistence, ...options });
const signIn = async (client) => (await signInWithLoopback(client, loopback)).connection;
const renew = async (connection) => connection.getAccessToken({ rejected: await connection.getAccessToken() });
const revoke = async (connection) => {
  const [{ client_id }] = authorization.registered;
  const body = new URLSearchParams({ client_id, token: connection.retrievePersistanceToken() });
  assert.equal((await fetch(`${authorization.url}/token/revocation`, { method: "POST", body })).status, 200);
};
const idsOf = (clients) => clients.map(({ client_id }) => client_id);

describe("a sign-in at an MCP server", () => {
  test("names the resource in the authorization request, the token request and each refresh, and not where it ends", async () => {
    const connection = await signIn(await create());
    await renew(connection);
    await renew(connection);
    await connection.signout();
    const sent = authorization.requests.map(({ path, grant_type, resource }) => [path, grant_type, resource]);
    assert.deepEqual(sent, [
      ["/reg", undefined, undefined],
      ["/auth", undefined, mcp.url],
      ["/token", "authorization_code", mcp.url],
      ["/token", REFRESH, mcp.url],
      ["/token", REFRESH, mcp.url],
      ["/token/revocation", undefined, undefined],
    ]);
    const [{ client_name, application_type, token_endpoint_auth_method }] = authorization.registered;
    assert.deepEqual([client_name, application_type, token_endpoint_auth_method], ["A tool", "native", "none"]);
  });

  test("asks for the scope of the challenge, else of the metadata, and for offline access", async (t) => {
    await signIn(await create());
    const { challenge } = mcp;
    t.after(() => {
      mcp.challenge = challenge;
    });
    mcp.challenge = `${challenge}, scope="write"`;
    await signIn(await create({ persistence: "none" }));
    await signIn(await create({ persistence: "none", scope: "read write" }));
    const asked = authorization.requests.filter(({ path }) => path === "/auth").map(({ scope }) => scope);
    assert.deepEqual(asked, ["read offline_access", "write offline_access", "read write offline_access"]);
  });

  test("at another device names the resource, too", async () => {
    const atOnce = async (url, init) => {
      const response = await fetch(url, init);
      return url.endsWith("/device/auth") ? Response.json({ ...(await response.json()), interval: 0.001 }) : response;
    };
    const cookies = new Map();
    const show = async ({ verificationUriComplete }) => {
      const page = await submit(verificationUriComplete, {}, cookies);
      const confirmation = await submit(page.url, page.fields, cookies);
      await submit(confirmation.url, { ...confirmation.fields, confirm: "yes" }, cookies);
    };
    const { connection } = await signInWithDevice(await create({ fetch: atOnce }), { show });
    const client = await makes["@modelcontextprotocol/client 2"](mcp.url, connection);
    assert.equal((await client.callTool({ name: "whoami" })).content[0].text, "alice");
    await client.close();
    await renew(connection);
    for (const { resource } of authorization.requests.filter(({ path }) => /auth|token/.test(path)))
      assert.equal(resource, mcp.url);
  });

  test("has a session of its own for each resource", async (t) => {
    const other = await startServers();
    t.after(other.close);
    Object.assign(other.mcp, { issuer: authorization.url, find: authorization.find });
    authorization.resources.push(other.mcp.url);
    const clientId = (await create({ persistence: "none" })) && idsOf(authorization.registered)[0];
    const one = await signIn(await create({ clientId }));
    assert.equal(await (await create({ clientId, url: other.mcp.url })).restore(), null);
    const two = await signIn(await create({ clientId, url: other.mcp.url }));
    const restored = await (await create({ clientId })).restore();
    assert.equal(restored.getSnapshot().sessionId, one.getSnapshot().sessionId);
    assert.notEqual(two.getSnapshot().sessionId, one.getSnapshot().sessionId);
    assert.equal(authorization.registered.length, 1);
  });
});

describe("the registered client", () => {
  test("is one for all who share the store, also if they begin at the same time", async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => create()));
    const connections = [];
    for (const client of clients) connections.push(await signIn(client));
    const used = authorization.requests.filter(({ path }) => path === "/auth");
    assert.equal(new Set(idsOf(used)).size, 1);
    const restored = await (await create()).restore();
    assert.equal(restored.getSnapshot().sessionId, connections.at(-1).getSnapshot().sessionId);
    await rejects(renew(connections[0]), { code: "session_ended", reason: "replaced" });
    await renew(restored);
    assert.equal(authorization.registered.length, 5);
  });

  test("is found, and the session with it, where there is no network", async () => {
    const connection = await signIn(await create());
    const restored = await (await create({ fetch: () => assert.fail("asked") })).restore();
    assert.equal(restored.getSnapshot().sessionId, connection.getSnapshot().sessionId);
    assert.equal(await restored.getAccessToken(), await connection.getAccessToken());
  });

  test("is registered anew before a sign-in where the server has forgotten it", async () => {
    await (await signIn(await create())).signout();
    await create();
    assert.equal(authorization.registered.length, 1);
    authorization.forget();
    await signIn(await create());
    assert.equal(authorization.registered.length, 2);
    assert.equal(
      await (await signIn(await create())).getAccessToken(),
      await (await (await create()).restore()).getAccessToken(),
    );
    assert.equal(authorization.registered.length, 2);
  });

  test("is registered anew where a refresh shows that the server has forgotten it", async () => {
    const connection = await signIn(await create());
    authorization.forget();
    await rejects(renew(connection), { code: "refused", error: "invalid_client", retryable: false });
    const client = await create();
    assert.equal(await client.restore(), null);
    await renew(await signIn(client));
    assert.equal(authorization.registered.length, 2);
  });

  test("is kept, and the session with it, where the server refuses it by mistake", async () => {
    let isMistaken = false;
    const mistaken = async (url, init) => {
      if (isMistaken) return Response.json({ error: "invalid_client" }, { status: 401 });
      return fetch(url, init);
    };
    const connection = await signIn(await create({ fetch: mistaken }));
    isMistaken = true;
    await rejects(renew(connection), { code: "refused", error: "invalid_client" });
    isMistaken = false;
    const restored = await (await create()).restore();
    assert.equal(restored.getSnapshot().sessionId, connection.getSnapshot().sessionId);
    await renew(restored);
    assert.equal(authorization.registered.length, 1);
    await create({ fetch: () => assert.fail("asked") });
  });
});

for (const [name, open] of Object.entries(makes)) {
  describe(`a client of ${name}`, () => {
    const call = async (client, tool) => (await client.callTool({ name: tool })).content[0].text;

    test("signs in with more scope where a tool asks for it", async () => {
      const connection = await signIn(await create());
      const client = await open(mcp.url, connection);
      const error = await client.callTool({ name: "change" }).catch((thrown) => thrown);
      const scope = error.requiredScope ?? error.scope;
      assert.equal(scope, "write");
      assert.equal(await call(client, "whoami"), "alice");
      await client.close();
      const wider = await signIn(await create({ scope }));
      await renew(wider);
      const next = await open(mcp.url, wider);
      assert.equal(await call(next, "change"), "changed");
      assert.equal(authorization.requests.findLast(({ path }) => path === "/auth").scope, "read write offline_access");
      await next.close();
    });

    test("goes on after a token was refused, by one refresh", async () => {
      const connection = await signIn(await create());
      const client = await open(mcp.url, connection);
      mcp.refused.add(await connection.getAccessToken());
      const all = await Promise.all(Array.from({ length: 8 }, () => call(client, "whoami")));
      assert.deepEqual(all, Array(8).fill("alice"));
      assert.equal(authorization.of(REFRESH).length, 1);
      await client.close();
    });

    test("has the error of a session that is over, and signs in again", async () => {
      const connection = await signIn(await create());
      const client = await open(mcp.url, connection);
      await revoke(connection);
      mcp.refused.add(await connection.getAccessToken());
      await rejects(client.callTool({ name: "whoami" }), { code: "session_ended", reason: "invalid_grant" });
      await rejects(client.callTool({ name: "whoami" }), { code: "session_ended", reason: "invalid_grant" });
      await client.close();
      const again = await create();
      assert.equal(await again.restore(), null);
      const next = await open(mcp.url, await signIn(again));
      assert.equal(await call(next, "whoami"), "alice");
      await next.close();
    });
  });
}
