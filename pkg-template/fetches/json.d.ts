/** What a rule asks the server for. Its body is sent as JSON. */
export interface JsonRequest {
  /** Relative to the endpoint that the client was given, and of its origin. Default: that endpoint. */
  url?: string | undefined;
  /** Default POST. */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: unknown;
  /** `include` for a server that keeps its refresh token in a cookie. Default `omit`. */
  credentials?: "include" | "omit" | "same-origin" | undefined;
}

export interface JsonAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where the answer's body is no JSON object. */
  readonly body: Body;
}

/** A token response, or an error response, by the names of RFC 6749 section 5. Values are judged as if the server had sent them. */
export interface JsonTokens {
  access_token?: unknown;
  /** Where there is none, the one before stays. */
  refresh_token?: unknown;
  /** Seconds. */
  expires_in?: unknown;
  /**
   * Epoch seconds, or a date as ISO 8601 has it, instead of `expires_in`. Counted from the access token's own `iat`, else from the
   * answer's Date header, else from this machine's clock. Where neither is given: the access token's own `exp`.
   */
  expires_at?: unknown;
  scope?: unknown;
  id_token?: unknown;
  /** `invalid_grant` says that the user name, password or refresh token is refused for good: a refresh ends the session then. */
  error?: unknown;
  error_description?: unknown;
}

/** By the names that the form of the request has (RFC 6749): `username`, `password` and others. */
export type FormParameters = Readonly<Record<string, string>>;

export interface JsonRules<Body> {
  /** Of each grant but a refresh. */
  login(parameters: FormParameters): JsonRequest;
  refresh(parameters: { readonly refresh_token: string } & FormParameters): JsonRequest;
  /** Needed with `revocationEndpoint`; `token` is the refresh token. */
  revoke?(parameters: { readonly token: string } & FormParameters): JsonRequest;
  /**
   * Of each answer with a status from 200 to 499, without 408, 425 and 429. Where a login's has a refresh token and no access
   * token, a refresh follows.
   */
  read(answer: JsonAnswer<Body>): JsonTokens;
  /** Default `globalThis.fetch`. */
  fetch?: typeof fetch | undefined;
}

/**
 * The `fetch` of a client whose token endpoint speaks JSON and has names of its own. What the application asks for by
 * `connection.fetch` goes through it unchanged.
 */
export declare function jsonEndpoint<Body extends object = Record<string, unknown>>(
  rules: JsonRules<Body>,
): typeof fetch;
