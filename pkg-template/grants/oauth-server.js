import { parsed, payloadOf, readText } from "../fetches/answers.js";
import { check, failure } from "../fetches/errors.js";
import { checkAvailable, isSafe, typed } from "./oauth-errors.js";

/** What an ID token may be signed by where no metadata says it. */
const ALGORITHMS = "PS256 PS384 PS512 RS256 RS384 RS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");
/** By its code the core knows that its form never left, so that no answer is lost. */
const UNSENT = { code: "ECONNREFUSED" };
/** Seconds by which the clocks of this machine and of the server may differ. */
const TOLERANCE = 300;
/** The options that are endpoints, and their names in the server's metadata (RFC 8414). */
export const ENDPOINTS = {
  endSessionEndpoint: "end_session_endpoint",
  tokenEndpoint: "token_endpoint",
  revocationEndpoint: "revocation_endpoint",
  authorizationEndpoint: "authorization_endpoint",
  pushedAuthorizationRequestEndpoint: "pushed_authorization_request_endpoint",
  deviceAuthorizationEndpoint: "device_authorization_endpoint",
};

/** In place of an issuer that nobody has named is the token endpoint: there is nothing to compare with it. */
export function namesIssuer({ issuer, token_endpoint }) {
  return issuer !== token_endpoint;
}

/**
 * The authorization server of one client. `fetch` is the seam below the core: it takes the place of the endpoints that the
 * core was given by those of the server's metadata, proves who the client is, and judges ID tokens before the core has them.
 */
export class Server {
  client;
  /** By code: what the answer must have, and what was wrong with it. */
  expected = new Map();
  #metadata;
  #given;
  #peer;
  #options;
  #places;
  #currentIdToken;

  constructor(peer, options, places, currentIdToken) {
    this.#currentIdToken = currentIdToken;
    this.#options = options;
    this.#places = places;
    this.#peer = peer;
    this.client = { client_id: options.clientId, [peer.clockTolerance]: TOLERANCE };
    const given = Object.entries(ENDPOINTS).filter(([name]) => options[name] !== undefined);
    this.#given = Object.fromEntries(given.map(([name, member]) => [member, options[name]]));
    const { issuer, tokenEndpoint } = options;
    if (tokenEndpoint) this.#metadata = Promise.resolve(this.#complete({ issuer: issuer ?? tokenEndpoint }));
  }

  /** The server's metadata, asked for once; a failure is no answer, and the next call asks again. */
  get metadata() {
    this.#metadata ??= this.#discover().catch((error) => {
      this.#metadata = undefined;
      throw typed(error);
    });
    return this.#metadata;
  }

  /** Takes what a sign-in began with for the metadata. */
  know(metadata) {
    this.#metadata ??= Promise.resolve(metadata);
  }

  async endpoint(option) {
    const name = ENDPOINTS[option];
    const url = (await this.metadata)[name];
    if (!url) throw failure("unsupported", `the server names no ${name}: give it as ${option}`);
    return url;
  }

  async whole(response) {
    return new Response(await readText(response), response);
  }

  /** How oauth4webapi makes its requests. */
  get requests() {
    const { customFetch, allowInsecureRequests } = this.#peer;
    const signal = () => AbortSignal.timeout(this.#options.timeout ?? 10_000);
    return { [customFetch]: this.send, [allowInsecureRequests]: true, signal };
  }

  /** Proves who the client is (RFC 6749 section 2.3.1), as oauth4webapi has it done. */
  authenticate = (...args) => {
    const { clientAuthentication, clientId, clientSecret } = this.#options;
    if (clientAuthentication) return clientAuthentication(...args);
    const pair = [clientId, clientSecret].map(encodeURIComponent).join(":");
    if (clientSecret) args[3].set("authorization", `Basic ${btoa(pair)}`);
  };

  send = (...args) => (this.#options.fetch ?? globalThis.fetch)(...args);

  fetch = async (input, init) => {
    if (input === this.#places.token) return this.#token(init);
    if (input === this.#places.revocation) return this.#revoke(init);
    return this.send(input, init);
  };

  async #revoke(init) {
    const metadata = await this.metadata;
    const { revocation_endpoint: url } = metadata;
    return url ? this.send(url, await this.#authenticated(metadata, init)) : new Response();
  }

  async #token(init) {
    const metadata = await this.metadata.catch(() => {
      throw UNSENT;
    });
    const form = new URLSearchParams(init.body);
    const expected = this.expected.get(form.get("code") ?? form.get("device_code"));
    const request = [await this.endpoint("tokenEndpoint"), await this.#authenticated(metadata, init)];
    const response = await this.send(...request);
    if (!response.ok) return response;
    const text = await readText(response);
    // oauth4webapi takes no status but 200, and no member that is null.
    const members = JSON.stringify(parsed(text), (_, value) => value ?? undefined);
    const { headers } = response;
    const again = (body = members) => new Response(body, { headers });
    if (!expected || !namesIssuer(metadata))
      return again(await this.#withoutForeignIdToken(metadata, form, members, again));
    try {
      const rules = { expectedNonce: expected.nonce, requireIdToken: expected.isRequired };
      await this.#peer.processAuthorizationCodeResponse(metadata, this.client, again(), rules);
      return again();
    } catch (error) {
      expected.error = typed(error);
      throw error;
    }
  }

  /** An ID token that is wrong costs no session: the answer goes on without it, and the one before stays. */
  async #withoutForeignIdToken(metadata, form, text, again) {
    if (!text?.includes("id_token")) return text;
    try {
      const { id_token } = await this.#peer.processRefreshTokenResponse(metadata, this.client, again());
      const before = form.has("refresh_token") ? payloadOf(this.#currentIdToken())?.sub : undefined;
      if (id_token === undefined || before === undefined || payloadOf(id_token).sub === before) return text;
    } catch {}
    return JSON.stringify({ ...parsed(text), id_token: undefined });
  }

  async #authenticated(metadata, init) {
    const headers = new Headers(init.headers);
    const body = new URLSearchParams(init.body);
    await this.authenticate(metadata, this.client, body, headers);
    init.signal.throwIfAborted();
    return { ...init, headers: Object.fromEntries(headers), body: `${body}` };
  }

  #complete(metadata) {
    return { id_token_signing_alg_values_supported: ALGORITHMS, ...metadata, ...this.#given };
  }

  async #discover() {
    let first;
    for (const algorithm of ["oidc", "oauth2"]) {
      try {
        return await this.#discoverBy(algorithm);
      } catch (error) {
        const { code, status } = typed(error);
        first ??= error;
        if (code !== "network" && !(status >= 400 && status < 500)) throw error;
      }
    }
    throw first;
  }

  async #discoverBy(algorithm) {
    const { processDiscoveryResponse } = this.#peer;
    const issuer = new URL(this.#options.issuer);
    const response = await this.#peer.discoveryRequest(issuer, { algorithm, ...this.requests });
    const { status } = response;
    checkAvailable(response);
    if (status !== 200) throw failure("invalid_response", "the issuer has no metadata", { status });
    const found = this.#complete(await processDiscoveryResponse(issuer, await this.whole(response)));
    for (const name of Object.values(ENDPOINTS)) {
      if (found[name] && !isSafe(found[name]))
        throw failure("invalid_response", `${name} is neither https nor of this machine`);
    }
    if (!found.token_endpoint) throw failure("unsupported", "the server names no token_endpoint");
    return found;
  }
}

export function asksForIdToken(scope) {
  return /(^| )openid( |$)/.test(scope);
}

/** Checks the issuer and the endpoints, and says what the core is to have in their place. */
export function placesOf(options) {
  const { issuer, tokenEndpoint, scope } = options;
  for (const name of ["issuer", ...Object.keys(ENDPOINTS)]) {
    const url = options[name];
    check(url === undefined || isSafe(url), name, "an https URL (or http on this machine)");
  }
  check(issuer ?? tokenEndpoint, "issuer", "given, or a tokenEndpoint");
  const isPlain = issuer === undefined || /^[^?#]*$/.test(issuer);
  check(isPlain && (issuer || !asksForIdToken(scope)), "issuer", "that of the ID tokens, without a query");
  const base = new URL(issuer ?? tokenEndpoint).href.replace(/\/$/, "");
  return { token: `${base}/.discovered/token`, revocation: `${base}/.discovered/revocation` };
}
