import { initialize } from "../core/index.js";
import { check, failure } from "../fetches/errors.js";
import { asksForIdToken, ENDPOINTS, placesOf, Server } from "./oauth-server.js";

/** Of a client: what this entry knows of it. A proxy of the client has it, too. */
const STATE = Symbol.for("meshydb-client-oauth");

export async function createClient(given) {
  check(given !== null && typeof given === "object", "options", "an object");
  const options = { ...given };
  const { clientId, clientSecret, clientAuthentication, ...others } = options;
  for (const name of ["issuer", ...Object.keys(ENDPOINTS)]) delete others[name];
  check(typeof clientId === "string" && /^[!-~]{1,1024}$/.test(clientId), "clientId", "of visible ASCII characters");
  const isPage = globalThis.importScripts ?? globalThis.document;
  const isProof = (proof, type) => proof === undefined || (proof && typeof proof === type && !isPage);
  check(isProof(clientSecret, "string"), "clientSecret", "a string, in no page");
  check(isProof(clientAuthentication, "function"), "clientAuthentication", "a function, in no page");
  const places = placesOf(options);
  const peer = await import("./oauth-peer.js").catch((cause) => {
    throw failure("unsupported", "oauth4webapi is missing: npm install oauth4webapi@3", { cause });
  });
  const server = new Server(peer, options, places, () => core.getSnapshot().connection?.retrieveIdToken());
  const { fetch = globalThis.fetch, scope = "", slot = "default" } = options;
  const core = await initialize("", clientId, {
    ...others,
    tokenEndpoint: places.token,
    revocationEndpoint: places.revocation,
    fetch: typeof fetch === "function" ? server.fetch : options.fetch,
  });
  const binding = JSON.stringify([places.token, clientId, slot]);
  const state = { binding, clientId, scope, asksForIdToken: asksForIdToken(scope), peer, server, core };
  return Object.freeze({ ...core, [STATE]: () => state });
}

/** What this entry knows of a client. */
export function stateOf(client) {
  check(typeof client?.[STATE] === "function", "client", "one of createClient");
  return client[STATE]();
}
