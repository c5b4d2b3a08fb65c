import type { MeshyClient, MeshyConnection, MeshyError, SessionStore } from "../core/index.js";
import type { OAuthOptions } from "./oauth.js";

/** A program whose user signs in at one MCP server. */
export interface McpOptions
  extends Pick<OAuthOptions, "clientAuthentication" | "clientSecret" | "fetch" | "reuseWindow" | "slot" | "timeout"> {
  /** The MCP server's, as its transport has it. */
  url: string;
  /** What the user is shown where the server asks for consent. */
  clientName?: string | undefined;
  /** Of a client that was registered beforehand, or the URL of its metadata document: none is registered then. */
  clientId?: string | undefined;
  /** Space separated, in place of what the MCP server asks for. A sign-in asks for what the stored session has, too. */
  scope?: string | undefined;
  /** Keeps the session and the registered client, for all who share it. Default `"none"`: memory only. */
  persistence?: "none" | SessionStore | undefined;
}

/**
 * A client for one MCP server, as the MCP specification has it: the authorization server is found by the resource's metadata (RFC
 * 9728), the program is registered there (RFC 7591), and every request names the resource (RFC 8707). Sign in with
 * `signInWithLoopback` or `signInWithDevice` of `meshydb-client/oauth`. Where a session is stored nothing is requested, so `restore()`
 * works offline. Call it again after an error that is not `retryable`: a server that has forgotten the program has it registered anew.
 */
export declare function createClient(options: McpOptions): Promise<MeshyClient>;

/** An `AuthProvider` of `@modelcontextprotocol/client` 2. */
export interface AuthProvider {
  token(): Promise<string>;
  onUnauthorized(): Promise<void>;
}

/**
 * The connection's token for each request; after a 401 one refresh of the token that was sent last, however many requests were
 * refused with it.
 */
export declare function authProvider(connection: MeshyConnection): AuthProvider;

/**
 * The `fetch` of a transport of `@modelcontextprotocol/sdk` 1 or of `@modelcontextprotocol/client` 2 without an `authProvider`:
 * `connection.fetch`, which rejects with `InsufficientScope` where the MCP server asks for more scope (RFC 6750 section 3.1).
 */
export declare function authorizedFetch(
  connection: MeshyConnection,
): (url: string | URL, init?: RequestInit) => Promise<Response>;

/** `code` is `refused`, `error` is `insufficient_scope`. */
export interface InsufficientScope extends MeshyError {
  /** What the MCP server wants. */
  readonly scope?: string;
}
