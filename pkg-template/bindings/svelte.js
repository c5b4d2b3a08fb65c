/** A store by Svelte's contract: `$client` is the snapshot, of a client or of a connection. */
export function snapshotOf(source) {
  return {
    subscribe(run) {
      const tell = () => run(source.getSnapshot());
      const stop = source.subscribe(tell);
      tell();
      return stop;
    },
  };
}
