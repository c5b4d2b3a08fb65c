import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** A register per key in memory, which several clients may share. */
export class MemoryStore {
  reads = 0;
  writes = 0;

  constructor(values) {
    this.values = new Map(values);
  }

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

  /** The one key there is. */
  get key() {
    const [key, ...others] = this.values.keys();
    if (others.length > 0) throw new Error("more than one key");
    return key;
  }

  /** The one value there is, parsed. */
  get record() {
    return JSON.parse(this.values.get(this.key));
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

/** One with a lock for each key that is granted in turn, as Web Locks are. */
export class LockedStore extends MemoryStore {
  waiting = [];
  held = new Set();

  async lock(key, signal, run) {
    signal.throwIfAborted();
    if (this.held.has(key)) {
      await new Promise((resolve, reject) => {
        const waiter = { key, resolve };
        this.waiting.push(waiter);
        signal.addEventListener("abort", () => {
          this.waiting = this.waiting.filter((other) => other !== waiter);
          reject(signal.reason);
        });
      });
    }
    this.held.add(key);
    try {
      return await run();
    } finally {
      const next = this.waiting.find((other) => other.key === key);
      this.waiting = this.waiting.filter((other) => other !== next);
      if (!next) this.held.delete(key);
      next?.resolve();
    }
  }
}

/** What gives one more holder of a store each time. */
export function holdersOf(store) {
  return () => new Proxy(store, {});
}

/** A register in a file, for one key. */
export class FileStore {
  constructor(path) {
    this.path = path;
  }

  read() {
    return existsSync(this.path) ? readFileSync(this.path, "utf8") : null;
  }

  compareAndSet(_key, expected, next) {
    if (this.read() !== expected) return false;
    writeFileSync(this.path, next);
    return true;
  }
}
