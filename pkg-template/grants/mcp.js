import { parsed, readText } from "../fetches/answers.js";
import { check, failure } from "../fetches/errors.js";
import { Registrations, secretOf } from "./mcp-registration.js";
import { findResource } from "./mcp-resource.js";
import { createClient as createOAuthClient } from "./oauth.js";
import { stateOf } from "./oauth-client.js";
import { isSafe, peerOf, typed } from "./oauth-errors.js";
import { Server } from "./oauth-server.js";

export { authorizedFetch, authProvider } from "./mcp-transport.js";

/** What a sign-in asks for: what the session has, and what is wanted beyond that. */
function scopeOf({ scope, offline }, wanted = scope, session) {
  const before = session?.getSnapshot().scope ?? "";
  return [...new Set(`${before} ${wanted} ${offline}`.split(" ").filter(Boolean))].join(" ");
}

function isForm(init) {
  return new Headers(init?.headers).get("content-type")?.startsWith("application/x-www-form-urlencoded");
}

/** A request for tokens, or for the right to ask for them, names the resource (RFC 8707 section 2). */
function named(init, resource) {
  if (!isForm(init)) return init;
  const body = new URLSearchParams(init.body);
  if (body.has("token") || body.has("resource")) return init;
  body.set("resource", resource);
  return { ...init, body: `${body}` };
}

/** The refresh token that a sign-in was given; none after a refresh. */
async function grantedBy(form, response) {
  if (form.get("grant_type") === "refresh_token") return;
  return parsed(await readText(response).catch(() => {}))?.refresh_token;
}

/** Whether the answer says that the authorization server does not know the client (RFC 6749 section 5.2). */
async function refusesClient(init, response) {
  if (!isForm(init) || response.status < 400 || response.status >= 500) return false;
  return parsed(await readText(response.clone()).catch(() => {}))?.error === "invalid_client";
}

export async function createClient(given) {
  check(given !== null && typeof given === "object", "options", "an object");
  const { url, clientName, clientId, scope, ...others } = given;
  const { persistence = "none", fetch = (...args) => globalThis.fetch(...args), timeout, slot = "default" } = others;
  check(isSafe(url) && !url.includes("#"), "url", "an https URL (or http on this machine) without a fragment");
  check(clientName === undefined || typeof clientName === "string", "clientName", "a string");
  const isStore = typeof persistence?.read === "function" && typeof persistence.compareAndSet === "function";
  check(isStore || persistence === "none", "persistence", '"none" or a store with read and compareAndSet');
  check(typeof fetch === "function", "fetch", "a function");
  const peer = await peerOf(import("./mcp-peer.js"));
  const registrations = new Registrations(peer, isStore ? persistence : undefined, [url, clientId]);
  const open = async (registration, session) => {
    const { clientId, issuer, resource } = registration;
    let granted;
    const client = await createOAuthClient({
      ...others,
      ...secretOf(peer, registration),
      allowedOrigins: [new URL(url).origin],
      clientId,
      issuer,
      slot: slot && typeof slot === "string" ? `${slot} ${resource}` : slot,
      scope: scopeOf(registration, scope, session),
      /** What a sign-in has replaced is not revoked: it may be of the same grant at the server, which would end with it. */
      async fetch(input, init) {
        const form = isForm(init) ? new URLSearchParams(init.body) : undefined;
        if (granted && form?.has("token") && form.get("token") !== granted) return new Response();
        const response = await fetch(input, named(init, resource));
        if (await refusesClient(init, response)) await registrations.doubt();
        if (response.ok && form?.has("grant_type")) granted = await grantedBy(form, response.clone());
        return response;
      },
    });
    stateOf(client).resource = resource;
    return client;
  };

  const known = await registrations.read();
  // Without a registration this checks the options, before anything is sent.
  const { origin, href } = new URL(url);
  const nobody = { issuer: origin, resource: href, clientId: clientId ?? "unregistered", scope: "", offline: "" };
  const client = await open(known ?? nobody);
  const session = known && (await client.restore());
  if (session && !known.isDoubted) return scope === undefined ? client : open(known, session);
  const serverOf = (issuer) => new Server(peer, { issuer, fetch, timeout });
  const register = async () => {
    const found = await findResource(peer, serverOf(), new URL(url));
    return registrations.of(serverOf(found.issuer), found, { clientId, clientName });
  };
  const registration = await register().catch((error) => {
    throw typed(error);
  });
  const opened = await open(registration, session).catch(({ message }) => {
    throw failure("invalid_response", `what the server says of itself cannot be used: ${message}`);
  });
  const kept = await registrations.keep(registration);
  return kept === registration ? opened : open(kept, session);
}
