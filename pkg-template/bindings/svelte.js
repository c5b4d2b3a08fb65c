import { nothing, sourceOf, unknownClient } from "./snapshots.js";

/** A store by Svelte's contract: `$client` is the snapshot, of a client or of a connection. */
export function snapshotOf(given) {
  const { subscribe, getSnapshot } = sourceOf(given, given?.login ? unknownClient : nothing);
  return {
    subscribe(run) {
      const tell = () => run(getSnapshot());
      const stop = subscribe(tell);
      tell();
      return stop;
    },
  };
}
