import { createServer } from "node:http";
import { close, listen, report, sendJson } from "./http.mjs";
import { answerApi } from "./protected-api.mjs";
import { createProvider } from "./provider.mjs";
import { accounts, defaultTenant, users as seededUsers } from "./seed.mjs";

const keptRequests = 10_000;
const twoWeeks = 14 * 24 * 3600;

/**
 * A real authorization server and a small protected API for development, on 127.0.0.1.
 * Lifetimes are in seconds. `log` is called with each entry of `requests` once it was answered.
 */
export async function startAuthorizationServer({
  port = 0,
  accessTokenLifetime = 60,
  refreshTokenLifetime = twoWeeks,
  users = seededUsers,
  log = () => {},
} = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const target = parseTarget(request);
    record(requests, request, response, target, log);
    allowEveryOrigin(response);
    if (request.method === "OPTIONS") return answerPreflight(response);
    try {
      await answer(request, response, target, findProvider);
    } catch (error) {
      report(error);
      response.destroy();
    }
  });

  const boundPort = await listen(server, port, "AUTH_PORT");
  const url = `http://127.0.0.1:${boundPort}`;
  const findProvider = providers({ url, users, accessTokenLifetime, refreshTokenLifetime });
  return { url, port: boundPort, requests, close: () => close(server) };
}

function parseTarget(request) {
  const path = request.url.split("?", 1)[0];
  const tenant = request.headers.tenant || defaultTenant;
  const [, apiAccount, resource] = /^\/api\/([^/]+)\/(me|echo)$/.exec(path) ?? [];
  if (resource) return { path, account: apiAccount, tenant, resource };
  const [, account, endpoint] = /^\/([^/]+)(\/connect\/(?:token|revocation))$/.exec(path) ?? [];
  return { path, account: account ?? null, tenant, endpoint };
}

function record(requests, request, response, { path, account, tenant }, log) {
  const entry = { at: Date.now(), method: request.method, path, account, tenant, grant_type: null, status: null };
  requests.push(entry);
  if (requests.length > keptRequests) requests.shift();
  response.once("finish", () => {
    entry.grant_type = request.grantType ?? null;
    entry.status = response.statusCode;
    log(entry);
  });
}

function allowEveryOrigin(response) {
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate");
}

function answerPreflight(response) {
  response.writeHead(204, {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Tenant",
    "Access-Control-Max-Age": "600",
  });
  response.end();
}

async function answer(request, response, { account, tenant, resource, endpoint }, findProvider) {
  const seeded = accounts.find(({ name }) => name === account);
  if (!seeded) return refuse(response, 404, "unknown account or path");
  if (!seeded.tenants.includes(tenant)) return refuse(response, 400, "unknown tenant");

  const provider = findProvider(seeded, tenant);
  if (resource) return answerApi(request, response, { resource, provider, account, tenant });

  request.originalUrl = request.url;
  request.url = endpoint;
  await provider.callback()(request, response);
}

function refuse(response, status, description) {
  sendJson(response, status, { error: "invalid_request", error_description: description });
}

function providers({ url, users, ...lifetimes }) {
  const made = new Map();
  return ({ name, publicKey }, tenant) => {
    const key = JSON.stringify([name, tenant]);
    if (!made.has(key)) {
      const own = users.filter((user) => user.account === name && user.tenant === tenant);
      made.set(key, createProvider({ issuer: `${url}/${name}`, publicKey, users: own, ...lifetimes }));
    }
    return made.get(key);
  };
}
