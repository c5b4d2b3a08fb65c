import type { MaybeRefOrGetter, ShallowRef } from "vue";
import type { ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/**
 * The client's snapshot, as it is now; of a promise that of its client, or why there is none in `error`. On a server, until
 * the component is mounted, before there is a client and once it is disposed of it is not `ready`: show neither a form nor a
 * user then, and nothing flashes. Outside of a component, in a store for instance, it follows the client at once.
 */
export declare function useClient(
  client: MaybeRefOrGetter<MeshyClient | Promise<MeshyClient> | null | undefined>,
): Readonly<ShallowRef<ClientSnapshot>>;

/** The session's snapshot, as it is now; null without a connection, and until the component is mounted. */
export declare function useConnection(
  connection: MaybeRefOrGetter<MeshyConnection | null | undefined>,
): Readonly<ShallowRef<SessionSnapshot | null>>;
