import { gate } from "./fake-server.mjs";

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

/** One with a lock that is granted in turn, as Web Locks are. */
export class LockedStore extends MemoryStore {
  waiting = [];
  isHeld = false;

  async lock(_key, signal, run) {
    if (this.isHeld) {
      const turn = gate();
      this.waiting.push(turn);
      signal.addEventListener("abort", () => {
        this.waiting = this.waiting.filter((other) => other !== turn);
      });
      await turn.promise;
    }
    this.isHeld = true;
    try {
      return await run();
    } finally {
      this.isHeld = false;
      this.waiting.shift()?.open();
    }
  }
}
