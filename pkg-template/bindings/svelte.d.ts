import type { ClientPromise, ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/** A store by Svelte's contract. */
export interface SnapshotStore<Snapshot> {
  subscribe(run: (snapshot: Snapshot) => void): () => void;
}

/**
 * The snapshot of a client or of a connection as a Svelte store: `const client = snapshotOf(meshy)`, then `$client.ready`. Of
 * `initialize(…)` it is that of the client, or why there is none in `error`; of nothing it is null.
 */
export declare function snapshotOf(source: MeshyClient | ClientPromise): SnapshotStore<ClientSnapshot>;
export declare function snapshotOf(source: MeshyConnection): SnapshotStore<SessionSnapshot>;
export declare function snapshotOf(
  source: MeshyClient | ClientPromise | null | undefined,
): SnapshotStore<ClientSnapshot | null>;
export declare function snapshotOf(source: MeshyConnection | null | undefined): SnapshotStore<SessionSnapshot | null>;
