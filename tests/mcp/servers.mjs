import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { close, listen, report, sendJson } from "../../dev/http.mjs";
import { errors, Provider } from "../../dev/oidc-provider.mjs";
import MemoryAdapter from "../../node_modules/oidc-provider/lib/adapters/memory_adapter.js";
import { follow } from "../shared/tab.mjs";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const SCOPES = "read write";

/**
 * An authorization server that forgives nothing: refresh tokens rotate, one that comes twice ends its family, a request for another
 * resource is refused, and without consent there is no offline access. Whoever comes is alice, who consents. `requests` has what was
 * asked for, `registered` the clients' metadata, `revoked` counts families that have ended.
 */
async function startAuthorizationServer({ resources, lifetime }) {
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const clients = new Map();
  const state = { url, requests: [], registered: [], revoked: 0, close: () => close(server) };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  class Adapter extends MemoryAdapter {
    upsert(id, payload, ...rest) {
      if (this.model !== "Client") return super.upsert(id, payload, ...rest);
      clients.set(id, payload);
      state.registered.push(payload);
    }
    find(id) {
      return this.model === "Client" ? clients.get(id) : super.find(id);
    }
  }
  const getResourceServerInfo = (_context, resource) => {
    if (!resources.includes(resource)) throw new errors.InvalidTarget();
    return { scope: SCOPES, audience: resource, accessTokenTTL: lifetime, accessTokenFormat: "opaque" };
  };
  const provider = new Provider(url, {
    adapter: Adapter,
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post"],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo, useGrantedResource: () => false },
    },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [privateKey.export({ format: "jwk" })] },
    loadExistingGrant: async ({ oidc }) => {
      const { accountId } = oidc.session;
      const { clientId } = oidc.client;
      const known = await oidc.provider.Grant.find(oidc.session.grantIdFor(clientId));
      const grant = known ?? new oidc.provider.Grant({ clientId, accountId });
      grant.addOIDCScope("openid offline_access");
      for (const resource of resources) grant.addResourceScope(resource, SCOPES);
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    renderError: (context, out) => {
      context.body = out;
    },
    rotateRefreshToken: true,
    scopes: ["openid", "offline_access"],
    ttl: { AccessToken: lifetime, RefreshToken: 86_400, Grant: 86_400, Session: 86_400, Interaction: 600 },
  });
  provider.use(async (context, next) => {
    await next();
    const { path, method, status } = context;
    if (method === "POST" || path === "/auth") state.requests.push({ path, ...context.oidc?.params, status });
  });
  provider.on("grant.revoked", () => {
    state.revoked += 1;
  });
  provider.on("server_error", (_context, error) => report(error));
  const handle = provider.callback();
  server.on("request", (request, response) => {
    const { pathname } = new URL(request.url, url);
    if (!pathname.startsWith("/interaction/")) return handle(request, response);
    return provider.interactionFinished(request, response, { login: { accountId: "alice" }, consent: {} });
  });
  return Object.assign(state, {
    resources,
    find: (token) => provider.AccessToken.find(token),
    forget: () => clients.clear(),
    of: (grantType) => state.requests.filter(({ grant_type }) => grant_type === grantType),
  });
}

function newServer({ authInfo }) {
  const server = new McpServer({ name: "tools", version: "1.0.0" });
  const answer = (said) => async () => ({ content: [{ type: "text", text: said }] });
  server.registerTool("whoami", { description: "Says who asks" }, answer(authInfo.extra.user));
  server.registerTool("change", { description: "Needs the scope write" }, answer("changed"));
  return server;
}

/** A real MCP server at `{origin}/mcp`, which takes tokens for that resource alone. */
async function startMcpServer() {
  const server = createServer();
  const origin = `http://127.0.0.1:${await listen(server, 0)}`;
  const url = `${origin}/mcp`;
  const handler = createMcpHandler(newServer);
  const state = {
    url,
    origin,
    refused: new Set(),
    asked: [],
    metadata: { [`${WELL_KNOWN}/mcp`]: { resource: url, scopes_supported: ["read"] } },
    challenge: `Bearer resource_metadata="${origin}${WELL_KNOWN}/mcp"`,
    close: () => close(server),
  };

  async function serve(request, response) {
    const body = await text(request);
    const refuse = (status, challenge) => {
      response.writeHead(status, challenge && { "WWW-Authenticate": challenge });
      response.end();
    };
    const token = request.headers.authorization?.replace("Bearer ", "");
    state.asked.push({ method: request.method, token });
    const found = token && !state.refused.has(token) && (await state.find(token));
    if (found?.aud !== url) return refuse(401, state.challenge);
    const scopes = found.scope.split(" ");
    if (body.includes('"change"') && !scopes.includes("write"))
      return refuse(403, `${state.challenge}, error="insufficient_scope", scope="write"`);
    const { method, headers } = request;
    const asked = new Request(url, { method, headers, body: body || undefined });
    const authInfo = { token, clientId: found.clientId, scopes, extra: { user: found.accountId } };
    const answer = await handler.fetch(asked, { authInfo });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  }

  server.on("request", (request, response) => {
    const metadata = state.metadata[request.url];
    if (metadata) return sendJson(response, 200, { authorization_servers: [state.issuer], ...metadata });
    if (request.url === "/mcp") return serve(request, response).catch(report);
    return sendJson(response, 404, {});
  });
  return state;
}

/** Both, which know of each other. */
export async function startServers({ lifetime = 3_600 } = {}) {
  const mcp = await startMcpServer();
  const authorization = await startAuthorizationServer({ resources: [mcp.url], lifetime });
  mcp.issuer = authorization.url;
  mcp.find = authorization.find;
  return { mcp, authorization, close: () => Promise.all([mcp.close(), authorization.close()]) };
}

const cookies = new Map();

/** How the user of a program signs in: in one browser, which the server remembers. */
export const loopback = {
  async open(url) {
    const { searchParams } = new URL(url);
    await fetch(await follow(url, new URL(searchParams.get("redirect_uri")).origin, cookies));
  },
  parameters: { prompt: "consent" },
};
