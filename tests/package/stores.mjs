/** A register per key in memory, which several clients may share. */
export class MemoryStore {
  values = new Map();
  reads = 0;
  writes = 0;

  read(key) {
    this.reads += 1;
    return this.values.get(key) ?? null;
  }

  compareAndSet(key, expected, next) {
    if ((this.values.get(key) ?? null) !== expected) return false;
    this.writes += 1;
    this.values.set(key, next);
    return true;
  }

  /** The one value there is, parsed. */
  get record() {
    const [text, ...others] = this.values.values();
    if (others.length > 0) throw new Error("more than one value");
    return JSON.parse(text);
  }
}

/** One that also tells, in the very call that wrote. */
export class WatchedStore extends MemoryStore {
  watchers = new Set();

  compareAndSet(key, expected, next) {
    const done = super.compareAndSet(key, expected, next);
    if (done) for (const watcher of this.watchers) if (watcher.key === key) watcher.changed();
    return done;
  }

  watch(key, changed) {
    const watcher = { key, changed };
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}
