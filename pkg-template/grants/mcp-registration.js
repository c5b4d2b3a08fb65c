import { parsed, readText } from "../fetches/answers.js";
import { failure } from "../fetches/errors.js";
import { checkAvailable, isSafe } from "./oauth-errors.js";

const PREFIX = "meshydb-client-mcp";
const CODE = ["authorization_code", "refresh_token"];
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
/** Of `signInWithLoopback`, at any port (RFC 8252 section 7.3). */
const REDIRECT_URI = "http://127.0.0.1/callback";
const OFFLINE = "offline_access";

function lists(values, value) {
  return Array.isArray(values) && values.includes(value);
}

/** What a client that was given a secret proves itself with, as an option. */
export function secretOf({ ClientSecretBasic, ClientSecretPost }, { clientSecret, method }) {
  if (!clientSecret) return {};
  const proof = method === "client_secret_post" ? ClientSecretPost : ClientSecretBasic;
  return { clientAuthentication: proof(clientSecret) };
}

/**
 * The client as it is registered at the authorization server of one MCP server. It is kept in the store beside the session, so that all
 * who share the store are one client.
 */
export class Registrations {
  #peer;
  #store;
  #key;
  /** What was read or kept last, as text, and the registration that it is. */
  #text = null;
  #kept;

  constructor(peer, store, parts) {
    this.#peer = peer;
    this.#store = store;
    this.#key = [PREFIX, ...parts].map((part = "") => encodeURIComponent(part)).join(":");
  }

  /** The one that is kept; nothing where there is none, or it cannot be read. */
  async read() {
    this.#text = (await this.#store?.read(this.#key)) ?? null;
    const found = Object(parsed(this.#text));
    const { issuer, resource, clientId, scope, offline } = found;
    const isWhole = [issuer, resource, clientId, scope, offline].every((member) => typeof member === "string");
    this.#kept = isWhole ? found : undefined;
    return this.#kept;
  }

  /** Notes that the server has refused the client, which it is asked about before the next sign-in. */
  async doubt() {
    const doubted = JSON.stringify({ ...this.#kept, isDoubted: true });
    try {
      await this.#store?.compareAndSet(this.#key, this.#text, doubted);
    } catch {}
  }

  /** The one that is kept if the server still knows it; else the client's own, or a new one. */
  async of(server, found, { clientId, clientName }) {
    const metadata = await server.metadata;
    if (metadata.authorization_endpoint && !lists(metadata.code_challenge_methods_supported, "S256"))
      throw failure("unsupported", "the authorization server does not say that it takes PKCE with S256");
    const client = clientId
      ? { clientId }
      : ((await this.#known(server, metadata, found)) ?? (await this.#register(server, metadata, clientName)));
    return { ...found, ...client, offline: lists(metadata.scopes_supported, OFFLINE) ? OFFLINE : "" };
  }

  /** Keeps it, unless another holder was first: then that one's counts. */
  async keep(registration) {
    const text = JSON.stringify(registration);
    if (!this.#store || text === this.#text) return registration;
    const isKept = await this.#store.compareAndSet(this.#key, this.#text, text);
    if (!isKept) return (await this.read()) ?? registration;
    this.#text = text;
    this.#kept = registration;
    return registration;
  }

  async #known(server, metadata, { issuer, resource }) {
    const kept = this.#kept;
    if (kept?.issuer !== issuer || kept.resource !== resource) return;
    const { clientId, clientSecret, method } = kept;
    const { clientAuthentication = this.#peer.None() } = secretOf(this.#peer, kept);
    // A server looks at the client before it looks at the token (RFC 6749 section 5.2).
    const asked = [metadata, { client_id: clientId }, clientAuthentication, crypto.randomUUID(), server.requests];
    const response = await this.#peer.refreshTokenGrantRequest(...asked);
    if (parsed(await readText(response))?.error === "invalid_client") return;
    return { clientId, clientSecret, method };
  }

  /** RFC 7591. */
  async #register(server, metadata, client_name) {
    if (!isSafe(metadata.registration_endpoint))
      throw failure(
        "unsupported",
        "the authorization server registers no clients: register one, and give its clientId",
      );
    const { dynamicClientRegistrationRequest, processDynamicClientRegistrationResponse } = this.#peer;
    const isDevice = metadata.device_authorization_endpoint;
    const client = {
      client_name,
      application_type: "native",
      grant_types: isDevice ? [...CODE, DEVICE_CODE] : CODE,
      redirect_uris: [REDIRECT_URI],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
    const response = await dynamicClientRegistrationRequest(metadata, client, server.requests);
    checkAvailable(response);
    const made = await processDynamicClientRegistrationResponse(await server.whole(response));
    return { clientId: made.client_id, clientSecret: made.client_secret, method: made.token_endpoint_auth_method };
  }
}
