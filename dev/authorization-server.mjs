import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { interruptions, spoilers } from "./fault-answers.mjs";
import { answerFaults } from "./fault-settings.mjs";
import { Faults } from "./faults.mjs";
import { close, isOfThisMachine, listen, report, sendJson } from "./http.mjs";
import { checkedOptions } from "./options.mjs";
import { answerApi } from "./protected-api.mjs";
import { createProvider, noteGrant } from "./provider.mjs";
import { defaultTenant } from "./seed.mjs";
import { answerSignIn } from "./sign-in.mjs";

const keptRequests = 10_000;
/** A tenant is named in the path, or by a header. */
const resources = /^\/api\/([^/]+)(?:\/([^/]+))?\/(me|echo)$/;
const endpoints = /^\/([^/]+)(?:\/([^/]+))?(\/connect\/.+|\/\.well-known\/openid-configuration)$/;

/**
 * A real authorization server and a small protected API for development, on 127.0.0.1.
 * Lifetimes and `reuseWindow` are in seconds. `log` is called with each entry of `requests` once its request is over.
 */
export async function startAuthorizationServer(given) {
  const { port, accounts, users, faults: planned, log, ...lifetimes } = checkedOptions(given);
  const requests = [];
  const faults = new Faults(planned);
  const server = createServer(async (request, response) => {
    // Browsers send again by themselves what was cut on a connection in use.
    if (request.headers.origin) response.setHeader("Connection", "close");
    const target = parseTarget(request);
    try {
      if (!isOfThisMachine(request.headers.host)) return refuseHost(response);
      if (target.path === "/faults") return await answerFaults(request, response, faults);
      const entry = record(requests, request, response, target, log);
      if (faults.isOffline()) return await interrupt(request, response, { name: "offline" }, entry);
      allowEveryOrigin(response);
      if (request.method === "OPTIONS") return answerPreflight(response);
      await answer(request, response, target, { accounts, findProvider, faults, entry });
    } catch (error) {
      report(error);
      response.destroy();
    }
  });

  const boundPort = await listen(server, port, "another port");
  const url = `http://127.0.0.1:${boundPort}`;
  const findProvider = providers({ url, users, ...lifetimes });
  return {
    url,
    port: boundPort,
    requests,
    get faults() {
      return faults.left;
    },
    setFaults: (others) => faults.set(others),
    close: () => close(server),
  };
}

/** A page whose name was made to lead here (DNS rebinding) is one of this origin to its browser, and sends its own name. */
function refuseHost(response) {
  const sentence = "the Host must be localhost or a loopback address, whatever its port";
  sendJson(response, 403, { error: "forbidden", error_description: sentence });
}

function parseTarget(request) {
  const path = request.url.split("?", 1)[0];
  const named = request.headers.tenant || defaultTenant;
  const [, holder, part = named, resource] = resources.exec(path) ?? [];
  if (resource) return { path, account: holder, tenant: part, resource };
  const [, account = null, tenant = named, endpoint] = endpoints.exec(path) ?? [];
  return { path, account, tenant, endpoint };
}

function record(requests, request, response, { path, account, tenant }, log) {
  const { method } = request;
  const blank = { grant_type: null, fingerprint: null, fault: null, status: null };
  const entry = { at: Date.now(), method, path, account, tenant, ...blank };
  requests.push(entry);
  if (requests.length > keptRequests) requests.shift();
  const note = () => Object.assign(entry, request.grant);
  response.once("finish", () => {
    note();
    entry.status = response.statusCode;
  });
  response.once("close", () => {
    note();
    log(entry);
  });
  return entry;
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

async function answer(request, response, { path, account, tenant, resource, endpoint }, server) {
  const { accounts, findProvider, faults, entry } = server;
  const known = accounts.find(({ name }) => name === account);
  if (!known) return refuse(response, 404, "unknown account or path");
  if (!known.tenants.includes(tenant)) return refuse(response, 400, "unknown tenant");

  const provider = findProvider(known, tenant);
  if (resource) return answerApi(request, response, { resource, provider, account, tenant });
  if (endpoint.startsWith("/connect/sign-in/")) return answerSignIn(request, response, provider);

  const isTokenRequest = request.method === "POST" && endpoint === "/connect/token";
  const fault = isTokenRequest ? faults.next() : undefined;
  if (interruptions[fault?.name]) return interrupt(request, response, fault, entry);
  if (fault) spoil(response, fault, entry);
  request.originalUrl = request.url;
  request.url = endpoint + request.url.slice(path.length);
  await provider.callback()(request, response);
}

async function interrupt(request, response, fault, entry) {
  entry.fault = fault.name;
  noteGrant(request, Object.fromEntries(new URLSearchParams(await text(request))));
  interruptions[fault.name](request, response, fault);
}

/** The provider answers, and its answer goes no further than this. */
function spoil(response, fault, entry) {
  entry.fault = fault.name;
  response.end = (answer) => {
    delete response.end;
    spoilers[fault.name](response, String(answer), fault);
  };
}

function refuse(response, status, description) {
  sendJson(response, status, { error: "invalid_request", error_description: description });
}

function providers({ url, users, ...lifetimes }) {
  const made = new Map();
  return ({ name, publicKey, secret }, tenant) => {
    const key = JSON.stringify([name, tenant]);
    if (!made.has(key)) {
      const own = users.filter((user) => user.account === name && user.tenant === tenant);
      const issuer = `${url}/${name}${tenant === defaultTenant ? "" : `/${encodeURIComponent(tenant)}`}`;
      made.set(key, createProvider({ issuer, publicKey, secret, users: own, ...lifetimes }));
    }
    return made.get(key);
  };
}
