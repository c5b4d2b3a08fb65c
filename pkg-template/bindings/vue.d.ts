import type { MaybeRefOrGetter, ShallowRef } from "vue";
import type { ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/**
 * The client's snapshot, as it is now. On a server, until the component is mounted and before there is a client it is not
 * `ready`: show neither a form nor a user then, and nothing flashes.
 */
export declare function useClient(
  client: MaybeRefOrGetter<MeshyClient | null | undefined>,
): Readonly<ShallowRef<ClientSnapshot>>;

/** The session's snapshot, as it is now; null without a connection, and until the component is mounted. */
export declare function useConnection(
  connection: MaybeRefOrGetter<MeshyConnection | null | undefined>,
): Readonly<ShallowRef<SessionSnapshot | null>>;
