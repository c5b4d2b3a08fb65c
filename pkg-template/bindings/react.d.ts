import type { ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/**
 * The client's snapshot, as it is now; of a promise that of its client, or why there is none in `error`. On a server, while a
 * page is hydrated, before there is a client and once it is disposed of it is not `ready`: show neither a form nor a user
 * then, and nothing flashes. Make the client, or the promise, outside of the component: each render would make another one.
 */
export declare function useClient(client: MeshyClient | Promise<MeshyClient> | null | undefined): ClientSnapshot;

/** The session's snapshot, as it is now; null without a connection, on a server and while a page is hydrated. */
export declare function useConnection(connection: MeshyConnection | null | undefined): SessionSnapshot | null;
