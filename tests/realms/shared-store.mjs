/** The store of processes: compare-and-set, watchers and, as with a folder, a lock. */
export class SharedStore {
  values = new Map();
  #watchers = new Set();

  constructor(world, committed) {
    this.world = world;
    this.committed = committed;
  }

  /** What the application of a realm gives as `persistence`. */
  of(realm) {
    const { world } = this;
    const store = {
      read: (key) =>
        this.#operate(realm, "reads", () => {
          const text = this.values.get(key) ?? null;
          return text;
        }),
      compareAndSet: (key, expected, next) =>
        this.#operate(realm, "writes", () => {
          const isSame = (this.values.get(key) ?? null) === expected;
          if (isSame) this.#set(key, next, realm);
          return isSame;
        }),
      watch: (_key, changed) => {
        const watcher = { realm, changed };
        this.#watchers.add(watcher);
        return () => this.#watchers.delete(watcher);
      },
    };
    if (world.plan.hasLocks) store.lock = (key, signal, use) => world.locks.request(realm, key, { signal }, use);
    return store;
  }

  #operate(realm, kind, act) {
    const { world } = this;
    const { time, dice } = world;
    return new Promise((resolve, reject) => {
      time.later(dice.between(0.2, 10), () => {
        const silence = world.faultOf("silence", realm);
        const isBroken = world.faultOf("transactions", realm) || world.faultOf(kind, realm);
        if (silence && dice.chance(0.5)) return;
        const answer = isBroken ? undefined : act();
        if (silence) return;
        time.later(dice.between(0.2, 10), () => (isBroken ? reject(new Error("broken")) : resolve(answer)), realm);
      });
    });
  }

  #set(key, text, realm) {
    this.values.set(key, text);
    this.committed(key, text, realm);
    const { time, dice } = this.world;
    for (const { realm: other, changed } of this.#watchers) {
      if (other.isAlive) time.later(dice.between(0.3, 30), changed, other, { isNeeded: false });
    }
  }

  clear() {
    for (const key of this.values.keys()) this.committed(key, undefined);
    this.values.clear();
  }
}
