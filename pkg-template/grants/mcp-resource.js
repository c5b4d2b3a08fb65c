import { failure } from "../fetches/errors.js";
import { checkAvailable, isSafe, typed } from "./oauth-errors.js";

const PING = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" });
const HEADERS = { accept: "application/json, text/event-stream", "content-type": "application/json" };
/** Short enough for what a session has already to go with it. */
const SCOPE = /^[!#-[\]-~][ !#-[\]-~]{0,511}$/;

/** The Bearer challenge of an answer (RFC 6750 section 3), without what cannot be used of it. */
export async function challengeOf({ allowInsecureRequests, customFetch, protectedResourceRequest }, response) {
  const options = { [allowInsecureRequests]: true, [customFetch]: async () => response };
  try {
    await protectedResourceRequest("unsent", "GET", new URL("http://127.0.0.1"), undefined, undefined, options);
  } catch ({ cause }) {
    const challenges = Array.isArray(cause) ? cause : [];
    const { error, scope, resource_metadata } = Object(
      challenges.find(({ scheme }) => scheme === "bearer")?.parameters,
    );
    const place = isSafe(resource_metadata) ? resource_metadata : undefined;
    return { error, place, scope: SCOPE.test(scope) ? scope : undefined };
  }
  return {};
}

/** The resource of that name and no other (RFC 9728 section 3.3), by what is at `place` or at its well-known URL. */
async function resourceAt(peer, server, expected, place) {
  const { requests } = server;
  const response = place
    ? await server.send(place, { redirect: "manual", signal: requests.signal() })
    : await peer.resourceDiscoveryRequest(expected, requests);
  const { status } = response;
  checkAvailable(response);
  if (status !== 200) throw failure("unsupported", "the MCP server has no resource metadata (RFC 9728)", { status });
  const answer = await server.whole(response);
  const found = await peer.processResourceDiscoveryResponse(expected, answer).catch(() => {
    throw failure("invalid_response", "the metadata is not of the MCP server at this url (RFC 9728 section 3.3)");
  });
  const { resource, authorization_servers, scopes_supported } = found;
  const [issuer] = Array.isArray(authorization_servers) ? authorization_servers : [];
  if (!isSafe(issuer)) throw failure("unsupported", "the MCP server names no authorization server that is https");
  const scope = Array.isArray(scopes_supported) ? scopes_supported.join(" ") : "";
  return { issuer, resource, scope: SCOPE.test(scope) ? scope : "" };
}

/**
 * What the MCP server is a part of: the resource that its URL names, else that of its origin; its authorization server; and the scope to
 * begin with. It is asked for nothing without a token, so that its challenge says where that stands.
 */
export async function findResource(peer, server, url) {
  const init = { method: "POST", headers: HEADERS, body: PING, redirect: "manual", signal: server.requests.signal() };
  const response = await server.send(url.href, init);
  response.body?.cancel().catch(() => {});
  const { place, scope } = await challengeOf(peer, response);
  const found = await resourceAt(peer, server, url, place).catch(async (error) => {
    if (typed(error).retryable) throw error;
    return resourceAt(peer, server, new URL("/", url)).catch((other) => {
      throw other.status === 404 ? error : other;
    });
  });
  return { ...found, ...(scope && { scope }) };
}
