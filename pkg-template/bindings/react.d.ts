import type { ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/**
 * The client's snapshot, as it is now. On a server, while a page is hydrated and before there is a client it is not `ready`:
 * show neither a form nor a user then, and nothing flashes.
 */
export declare function useClient(client: MeshyClient | null | undefined): ClientSnapshot;

/** The session's snapshot, as it is now; null without a connection, on a server and while a page is hydrated. */
export declare function useConnection(connection: MeshyConnection | null | undefined): SessionSnapshot | null;
