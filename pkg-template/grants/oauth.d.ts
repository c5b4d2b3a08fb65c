import type { ClientOptions, MeshyClient, MeshyConnection } from "../core/index.js";

/**
 * A client of any OAuth 2.0 server: either of an `issuer`, whose metadata is found when it is needed (OpenID Connect
 * Discovery 1.0, else RFC 8414), or of endpoints. Endpoints that are given take the place of those in the metadata.
 */
export interface OAuthOptions extends Omit<ClientOptions, "authUrl"> {
  /** As the server writes it. The key of a stored session is made from it. Needed where `scope` has `openid`. */
  issuer?: string | undefined;
  clientId: string;
  /** Of a confidential client, sent as HTTP Basic (RFC 6749 section 2.3.1). Refused in pages. */
  clientSecret?: string | undefined;
  /** Of a confidential client, as npm's oauth4webapi makes it: `ClientSecretPost(secret)` or `PrivateKeyJwt(key)`. Refused in pages. */
  clientAuthentication?: ClientAuthentication | undefined;
  /** In place of discovery. */
  tokenEndpoint?: string | undefined;
  authorizationEndpoint?: string | undefined;
  endSessionEndpoint?: string | undefined;
  deviceAuthorizationEndpoint?: string | undefined;
  pushedAuthorizationRequestEndpoint?: string | undefined;
}

/** Adds to the form or the headers of a request what proves who the client is. */
export type ClientAuthentication = (server: never, client: never, form: URLSearchParams, headers: Headers) => unknown;

/**
 * Checks the options and makes the client. Nothing is requested before it is needed, so `restore()` works offline. Rejects
 * with `unsupported` where npm's `oauth4webapi` is not installed.
 */
export declare function createClient(options: OAuthOptions): Promise<MeshyClient>;

export interface RedirectOptions {
  /** Of this origin, as the server knows it. */
  redirectUri: string;
  /** Of this origin: handed on by `completeSignIn`. */
  returnTo?: string | undefined;
  /** More of the authorization request, for instance `prompt` or `login_hint`. */
  parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * Leaves the page for the server's authorization endpoint: code flow with PKCE, `state` and, with scope `openid`, a
 * nonce. They are kept in this tab for ten minutes. The promise stays pending while the page is left; it rejects with `aborted` if
 * the page is shown again.
 */
export declare function signInWithRedirect(client: MeshyClient, options: RedirectOptions): Promise<never>;

export interface SignedIn {
  readonly connection: MeshyConnection;
  /** Of the ID token, which was validated; null if there was none. */
  readonly claims: Claims | null;
  readonly returnTo: string | null;
}

/** The payload of an ID token. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Completes the sign-in whose answer is in this page's URL, and cleans the URL; null if there is no answer. The code is sent
 * once, whatever becomes of it: calls while one is under way have its promise. A rejection changes no session, and the sign-in begins
 * anew: `refused` with the server's `error`, `invalid_response` for an answer that is not this tab's, or not the server's.
 */
export declare function completeSignIn(client: MeshyClient): Promise<SignedIn | null>;

export interface PopupOptions extends Omit<RedirectOptions, "returnTo"> {
  /** Of `window.open`. Default `popup,width=480,height=640`. */
  features?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The same in a popup, for a page that must not be left: call it in a click. Rejects with `unsupported` where popups are blocked,
 * with `aborted` if the user closes it. The page at `redirectUri` calls `completePopup`.
 */
export declare function signInWithPopup(client: MeshyClient, options: PopupOptions): Promise<SignedIn>;

/** Hands the answer of a popup to the page that has opened it, which closes the popup. False if this page is no such popup. */
export declare function completePopup(): boolean;

/** What the user is to be shown (RFC 8628 section 3.2). */
export interface DevicePrompt {
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string | undefined;
  /** Epoch milliseconds by this machine's clock. */
  readonly expiresAt: number;
}

export interface DeviceOptions {
  show(prompt: DevicePrompt): unknown;
  /** More of the device authorization request. */
  parameters?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Device authorization grant (RFC 8628): asks at the server's interval until the user has answered elsewhere, more seldom after
 * `slow_down` or where no answer came. Rejects with `refused` and `error` `access_denied` or `expired_token`.
 */
export declare function signInWithDevice(
  client: MeshyClient,
  options: DeviceOptions,
): Promise<Omit<SignedIn, "returnTo">>;

export interface LoopbackOptions {
  /** Opens the user's browser at this URL. */
  open(url: string): unknown;
  /** More of the authorization request. */
  parameters?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * For programs in Node (20.16 or newer): the code flow with a server of its own on 127.0.0.1 (RFC 8252 section 7.3), at a port that the system
 * chooses, which takes one answer and is closed then. The redirect URI is `http://127.0.0.1:{port}/callback`.
 */
export declare function signInWithLoopback(
  client: MeshyClient,
  options: LoopbackOptions,
): Promise<Omit<SignedIn, "returnTo">>;

export interface ServiceOptions {
  scope?: string | undefined;
  /** RFC 8707. */
  resource?: string | undefined;
  parameters?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Client credentials grant (RFC 6749 section 4.4): the stored session, else one token request; all who share the store make one
 * request for each expiry.
 */
export declare function serviceConnection(client: MeshyClient, options?: ServiceOptions): Promise<MeshyConnection>;

/** Of the session's last ID token; null if there is none. */
export declare function claims(connection: MeshyConnection): Claims | null;

export interface SignOutOptions {
  connection: MeshyConnection;
  /** Of this origin, as the server knows it: where the server goes back to. */
  postLogoutRedirectUri?: string | undefined;
}

/**
 * Signs out here, then leaves the page for the server's end_session_endpoint (OpenID Connect RP-Initiated Logout 1.0), or
 * the next sign-in would ask nothing. Rejects with `unsupported`, signed out here, if the server has none.
 */
export declare function signOutWithRedirect(client: MeshyClient, options: SignOutOptions): Promise<never>;
