/** Identifies one client application. All values are validated before any request. */
export interface ClientOptions {
  /** Base URL of the authorization server; the account name is the next path segment. Default `https://auth.meshydb.com`. */
  authUrl?: string | undefined;
  /**
   * Base URL of the API. `connection.fetch` resolves relative URLs against `{apiUrl}/{account}/`.
   * Default `https://api.meshydb.com`.
   */
  apiUrl?: string | undefined;
  /** Further origins that `connection.fetch` may send the access token to. Default: that of `apiUrl` alone. */
  allowedOrigins?: readonly string[] | undefined;
  /**
   * Full endpoint URLs, for an OAuth 2.0 server whose paths are not MeshyDB's `{authUrl}/{account}/connect/…`. With
   * `tokenEndpoint` nothing else defaults to MeshyDB: no revocation endpoint (sign-out is local), no scope, no API, unless given.
   */
  tokenEndpoint?: string | undefined;
  revocationEndpoint?: string | undefined;
  /** Space separated. Default `meshy.api offline_access`. */
  scope?: string | undefined;
  /**
   * Where the session survives a reload or a restart. Default `"none"`: memory only. `"local"` is IndexedDB with a copy in
   * localStorage, shared by all pages and workers of an origin; memory outside of these, and where neither can be written.
   */
  persistence?: "none" | "local" | SessionStore | undefined;
  /**
   * Milliseconds that one token request may take, body included. Default 10 000, at most 3 600 000. A call settles
   * within it, or within twice that and three seconds where other holders, or the store that is to take its token,
   * stand in its way.
   */
  timeout?: number | undefined;
  /**
   * Milliseconds after its first send within which a refresh token whose answer was lost is presented again by itself:
   * at once, then after pauses that grow, seven times in all at most. Default 30 000, at most 3 600 000.
   */
  reuseWindow?: number | undefined;
  /** Distinguishes several signed-in users of one application in one store. Default `"default"`. */
  slot?: string | undefined;
  /** The fetch to use, for instance one with a proxy. Default `globalThis.fetch`, looked up when used. */
  fetch?: typeof fetch | undefined;
  /**
   * Asked to refresh in place of this client, before each refresh but one that a 401 of `connection.fetch` has begun:
   * `serviceWorker` of `meshydb-client/service-worker`, or another holder with the same store. Only the store says what came of it.
   */
  refreshIn?: ((sessionId: string, generation: number) => unknown) | undefined;
}

export interface CallOptions {
  /** Rejects this call with `aborted`. A request that is on its way goes on: a refresh token can be spent only once. */
  signal?: AbortSignal | undefined;
}

export interface GrantOptions extends CallOptions {
  /**
   * The grant can be sent again by itself, as client credentials can (RFC 6749 section 4.4): the stored session is taken; where
   * there is none, and whenever an access token has expired that no refresh token renews, one of all who share the store
   * sends the grant, and the others wait for it. Its parameters are kept as long as the session lasts.
   */
  repeatable?: boolean | undefined;
}

/** Entry point. Each function returns a promise of the client that can also be used as the client straight away. */
export declare const MeshyClient: {
  /** With `tokenEndpoint` the account name may be empty: relative URLs of `connection.fetch` are then inside `apiUrl`. */
  initialize(accountName: string, publicKey: string, options?: ClientOptions): ClientPromise;
  /** An empty or missing tenant means the server's default: no `tenant` header. */
  initializeWithTenant(
    accountName: string,
    tenant: string | null | undefined,
    publicKey: string,
    options?: ClientOptions,
  ): ClientPromise;
};
export declare const initialize: typeof MeshyClient.initialize;
export declare const initializeWithTenant: typeof MeshyClient.initializeWithTenant;

export interface ClientPromise
  extends Promise<MeshyClient>,
    Pick<MeshyClient, "login" | "restoreOrLogin" | "loginWithGrant" | "loginWithPersistance" | "adopt" | "restore"> {}

export interface MeshyClient {
  /**
   * Password grant (RFC 6749 section 4.3). The password is kept until the answer. A session whose
   * place in a store this one takes is revoked. Rejects with the store's own error, before any request, if the store says
   * that it cannot be used; one that fails for the moment shows as `storage: "degraded"`.
   */
  login(username: string, password: string, options?: CallOptions): Promise<MeshyConnection>;
  /**
   * The stored session, whosever it is; where there is none, a login, which one of all who share the store sends: the others
   * wait for it, as they do for a refresh, and have its session. Without a store: the session that lives in this client.
   */
  restoreOrLogin(username: string, password: string, options?: CallOptions): Promise<MeshyConnection>;
  /**
   * Any other token request (RFC 6749 section 4.5), an authorization code for instance: `parameters` are sent with
   * `grant_type`, the client's `client_id` and, unless they have one, its `scope`. Otherwise as `login`: sent once, and never
   * again by itself. An answer without a refresh token makes a session that ends with its access token, as `expired`.
   */
  loginWithGrant(
    grantType: string,
    parameters?: Readonly<Record<string, string>>,
    options?: GrantOptions,
  ): Promise<MeshyConnection>;
  /**
   * Refresh grant (RFC 6749 section 6) from a token kept earlier with `retrievePersistanceToken`. If the token belongs
   * to a session that is live here or stored, the connection is to that session, which is refreshed first: with its
   * current token, never with one that was rotated. A session
   * knows its refresh token, its first one and the last 512. In memory, once this client has opened more than one
   * session, one that was rotated is refused: `invalid_grant`, and nothing is sent. Revokes nothing that it replaces.
   */
  loginWithPersistance(refreshToken: string, options?: CallOptions): Promise<MeshyConnection>;
  /**
   * Continue with tokens from any other grant (for instance an authorization code flow done elsewhere). If the refresh
   * token is one that the live or stored session knows, the connection is to that session. Revokes nothing that it
   * replaces.
   */
  adopt(tokens: TokenSet): Promise<MeshyConnection>;
  /**
   * The persisted session, or null. Never makes a request, so it works offline and with an expired access token, unless
   * there is no refresh token to renew it with: then it is null. Rejects with `unavailable`, or with the store's own
   * error, if the store does not answer: then it is unknown whether there is a session.
   */
  restore(): Promise<MeshyConnection | null>;
  /** For any framework: calls `listener` when the snapshot changes, in this tab or through another one. */
  subscribe(listener: () => void): () => void;
  /** Immutable; the same object until something changes. */
  getSnapshot(): ClientSnapshot;
  /** Reports what happens to the sessions of this client and why, without any secret. Returns an unsubscribe function. */
  trace(listener: (event: TraceEvent) => void): () => void;
  /** Lets go of the client. Its sessions go on in the handles on them. */
  [Symbol.dispose](): void;
  /**
   * The same, once every sign-in, refresh and sign-out that is under way has come to its end and is stored, or after `timeout`.
   * Await it before `process.exit()`, which without it may lose the session; a process that ends by itself waits anyway.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One line of a trace. `at` is in epoch milliseconds by this machine's clock. */
export type TraceEvent = { readonly at: number } & (
  | { readonly type: "request"; readonly grant: TracedGrant }
  /** `status`, if there was an answer; else `code`. */
  | {
      readonly type: "answer";
      readonly grant: TracedGrant;
      readonly status?: number;
      readonly code?: "network" | "timeout";
    }
  /** A session was opened by this client: by a login, from the store, or from a token. */
  | { readonly type: "opened"; readonly generation: number }
  /** The next token is in use: this client received it from the server, or took over the one that another holder had received. */
  | { readonly type: "rotated" | "adopted"; readonly generation: number }
  /** Callers wait until a cool-down ends. `retryAfter` is in seconds. */
  | { readonly type: "waiting"; readonly code: MeshyErrorCode; readonly retryAfter?: number }
  /** The store failed, or did not answer in time. */
  | { readonly type: "storage"; readonly failed: "read" | "write" }
  | { readonly type: "ended"; readonly reason?: MeshyError["reason"] }
);

/** A `grant_type`, or a revocation. */
export type TracedGrant = "password" | "refresh_token" | "revocation" | (string & {});

export interface ClientSnapshot {
  /** False until the store was read once. */
  readonly ready: boolean;
  readonly connection: MeshyConnection | null;
  /** `degraded`: the store fails and the session lives in memory. `none`: persistence is off or impossible here. */
  readonly storage: "ok" | "degraded" | "none";
  /** Why the stored session cannot be used, or the error of the store. */
  readonly error: MeshyError | null;
}

export interface MeshyConnection {
  /** The refresh token to log in with later, or null once the session has ended. It changes at every rotation: prefer `persistence`. */
  retrievePersistanceToken(): string | null;
  /**
   * The session's last ID token (OpenID Connect Core 1.0 section 2) as the server sent it, not validated, or null if there was
   * none. It is stored with the session.
   */
  retrieveIdToken(): string | null;
  /**
   * A valid access token. Refreshes when needed; concurrent callers share one request. For an answer that
   * was lost a call waits until the next try would come after its `timeout`; while the server cannot answer, for three
   * sends at most.
   */
  getAccessToken(
    options?: CallOptions & {
      /**
       * Seconds the token must still be valid for, and half of its lifetime if that is less. Default 0. A token that
       * was just received satisfies any.
       */
      minValidity?: number | undefined;
      /**
       * A token the API answered 401 to: refreshes if it is still the current one, once for each. Without a refresh
       * token the call rejects with `session_ended`, reason `expired`; the session goes on while the token is valid by
       * the clock.
       */
      rejected?: string | undefined;
    },
  ): Promise<string>;
  /**
   * `fetch` with the access token (RFC 6750 section 2.1), and the `tenant` header towards `apiUrl`. A relative URL
   * stays inside `{apiUrl}/{account}/`; another origin than the allowed ones, or an Authorization header of the
   * caller's own, is `invalid_argument` before anything is sent. After a 401 the token is refreshed, and the request
   * made once more if its body can be read again: neither a stream nor that of a `Request`. `init` is read at once. A 401 costs no second
   * refresh within half of a token's life, or within five minutes if that is less, whoever shares the session and
   * whatever the origin: until then, and without a refresh token, it is handed on. If the refresh fails, the call
   * rejects with its error. Any other answer or failure is the platform's.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * The session is over here when this returns, and with `"local"` in every page that is opened from then on, also if
   * this one is left at once. Resolves when the store has the end and the revocation was answered or
   * has failed. A store that fails is tried again; rejects with `unavailable` if it has not taken the end within
   * `timeout`, and is tried on.
   */
  signout(options?: CallOptions): Promise<void>;
  subscribe(listener: () => void): () => void;
  getSnapshot(): SessionSnapshot;
  /** Optional: releases this handle. The session goes on; later calls on the handle reject. */
  [Symbol.dispose](): void;
}

export interface SessionSnapshot {
  /** Names the session, for keys of caches: the same in every tab and after a reload, another for each login. No secret. */
  readonly sessionId: string;
  readonly state: "active" | "refreshing" | "waiting" | "ended";
  /** Epoch milliseconds by this machine's clock; null when the server did not say. */
  readonly expiresAt: number | null;
  readonly scope: string;
  /** Counts rotations. */
  readonly generation: number;
  /** Why the session ended, or why the last refresh failed. */
  readonly error: MeshyError | null;
}

/** The members of a token response (RFC 6749 section 5.1). */
export interface TokenSet {
  access_token: string;
  token_type: string;
  expires_in?: number;
  refresh_token?: string;
  scope?: string;
  id_token?: string;
}

export type MeshyErrorCode =
  /** A caller's mistake, found before any request; `argument` names it. */
  | "invalid_argument"
  /**
   * Wrong user name or password, or a dead refresh token given to `loginWithPersistance`. Of any other call: a refusal
   * that does not prove the session's refresh token dead, or not yet.
   */
  | "invalid_grant"
  /** Any other OAuth error, or an unexplained 4xx; `error` says which if the server did. */
  | "refused"
  /** 429; `retryAfter` in seconds. */
  | "rate_limited"
  /** 5xx, 408, 425, or a store that does not answer. */
  | "unavailable"
  /** No answer: offline, DNS, TLS, CORS. */
  | "network"
  | "timeout"
  | "aborted"
  /** The answer is no token response: HTML, redirect, too large, malformed. */
  | "invalid_response"
  /** `reason` says why. */
  | "session_ended"
  /** WebAssembly is blocked here (a CSP needs 'wasm-unsafe-eval'), there is no fetch, or the stored session cannot be read. */
  | "unsupported";

/** `message` begins with `code`, then `reason` where there is one. One copy of the package recognises another's errors. */
export declare class MeshyError extends Error {
  private constructor();
  readonly name: "MeshyError";
  readonly code: MeshyErrorCode;
  readonly retryable: boolean;
  readonly argument?: string;
  readonly status?: number;
  /**
   * The server's own OAuth `error` and `error_description`, sanitised and cut to 256 characters. Each is left out if
   * six characters in a row of the password or token that was sent are in it, or of a grant's other parameters but
   * `username` and `redirect_uri`.
   */
  readonly error?: string;
  readonly error_description?: string;
  /** Seconds. */
  readonly retryAfter?: number;
  /** `expired`: the access token has, and there is no refresh token. */
  readonly reason?: "signed_out" | "invalid_grant" | "response_lost" | "replaced" | "removed" | "expired";
}

/** One value under one key, replaced only by compare-and-set: all that coordination needs. */
export interface SessionStore {
  read(key: string): string | null | Promise<string | null>;
  /** Replaces the value if it still equals `expected`; says whether it did. Atomic for everyone who shares the store. */
  compareAndSet(key: string, expected: string | null, next: string | null): boolean | Promise<boolean>;
  /**
   * Optional: holds a lock while `run` runs: for one refresh, or for as long as a token that came cannot be stored. It
   * must be exclusive among all who share the store, and free when its holder dies: the next holder relies on that.
   * `signal` cancels waiting; `compareAndSet` protects the value.
   */
  lock?<T>(key: string, signal: AbortSignal, run: () => Promise<T>): Promise<T>;
  /** Optional: calls `changed` when another holder has changed the value, which is then read again. Returns a function that stops it. */
  watch?(key: string, changed: () => void): () => void;
}

declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}
