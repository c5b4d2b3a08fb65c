import type { ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "../core/index.js";

/** A store by Svelte's contract. */
export interface SnapshotStore<Snapshot> {
  subscribe(run: (snapshot: Snapshot) => void): () => void;
}

/** The snapshot of a client or of a connection as a Svelte store: `const client = snapshotOf(meshy)`, then `$client.ready`. */
export declare function snapshotOf(source: MeshyClient): SnapshotStore<ClientSnapshot>;
export declare function snapshotOf(source: MeshyConnection): SnapshotStore<SessionSnapshot>;
