import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { close, listen, report, sendJson } from "../../dev/http.mjs";
import { Provider } from "../../dev/oidc-provider.mjs";
import MemoryAdapter from "../../node_modules/oidc-provider/lib/adapters/memory_adapter.js";
import { follow } from "../shared/tab.mjs";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const SCOPES = ["read", "write"];

/**
 * An authorization server that forgives nothing: refresh tokens rotate, one that comes twice ends its family, a request without a
 * resource that it knows is refused. Whoever comes is alice, who consents. `requests` has the forms of token requests and
 * authorizations, `registered` the clients, `reused` counts refresh tokens that came twice.
 */
export async function startAuthorizationServer({ resources, lifetime = 3_600, features = {}, registered: keep }) {
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const clients = new Map();
  const state = { url, requests: [], registered: [], reused: 0, accepts: [], close: () => close(server) };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const resourceOf = (resource) => ({
    scope: SCOPES.join(" "),
    audience: resource,
    accessTokenTTL: state.lifetime ?? lifetime,
    accessTokenFormat: "opaque",
  });
  class Adapter extends MemoryAdapter {
    constructor(name) {
      super(name);
      this.isOfClients = name === "Client";
    }
    upsert(id, payload, ...rest) {
      if (!this.isOfClients) return super.upsert(id, payload, ...rest);
      clients.set(id, payload);
      state.registered.push(id);
    }
    find(id) {
      return this.isOfClients ? clients.get(id) : super.find(id);
    }
  }
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
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => {
          if (!resources.includes(resource)) throw new Error(`unknown resource: ${resource}`);
          return resourceOf(resource);
        },
        useGrantedResource: () => false,
      },
      ...features,
    },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    jwks: { keys: [privateKey.export({ format: "jwk" })] },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid offline_access");
      for (const resource of resources) grant.addResourceScope(resource, SCOPES.join(" "));
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
    const isOf = { "/token": method === "POST", "/auth": true, "/device/auth": true }[path];
    if (isOf) state.requests.push({ path, ...context.oidc?.params, status });
  });
  provider.on("refresh_token.consumed", () => {});
  provider.on("grant.revoked", () => {
    state.reused += 1;
  });
  provider.on("server_error", (_context, error) => report(error));
  const handle = provider.callback();
  server.on("request", (request, response) => {
    const { pathname } = new URL(request.url, url);
    if (!pathname.startsWith("/interaction/")) return handle(request, response);
    return provider.interactionFinished(request, response, { login: { accountId: "alice" }, consent: {} });
  });
  return Object.assign(state, {
    provider,
    forget: (id) => clients.delete(id),
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
export async function startMcpServer() {
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
export async function startServers(options) {
  const mcp = await startMcpServer();
  const authorization = await startAuthorizationServer({ resources: [mcp.url], ...options });
  mcp.issuer = authorization.url;
  mcp.find = (token) => authorization.provider.AccessToken.find(token);
  return { mcp, authorization, close: () => Promise.all([mcp.close(), authorization.close()]) };
}

/** A browser whose user signs in and consents. */
export async function browse(url) {
  const { searchParams } = new URL(url);
  await fetch(await follow(url, new URL(searchParams.get("redirect_uri")).origin));
}
