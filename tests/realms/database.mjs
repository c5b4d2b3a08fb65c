/**
 * The IndexedDB of one origin: one readwrite transaction at a time. What a realm that is gone had begun is aborted, unless its
 * commit was under way. `committed` is told of each text that gets in.
 */
export class Database {
  entries = new Map();
  #isMade = false;
  #queue = [];
  #active;

  constructor(world, committed) {
    this.world = world;
    this.committed = committed;
  }

  /** What `indexedDB` is in a realm. */
  of(realm) {
    return { open: () => this.#open(realm) };
  }

  #open(realm) {
    const request = { result: this.#connection(realm) };
    const opened = () => {
      if (realm.hasDatabase && this.world.faultOf("openings", realm)) return request.onerror?.(new Event("error"));
      realm.hasDatabase = true;
      if (!this.#isMade) request.onupgradeneeded?.();
      this.#isMade = true;
      request.onsuccess?.();
    };
    this.#deliver(realm, opened);
    return request;
  }

  /** Tells the realm, once its IndexedDB answers. */
  #deliver(realm, run) {
    const { time, dice } = this.world;
    const attempt = () => {
      const silence = this.world.faultOf("silence", realm);
      if (!silence) return run();
      time.later(silence.until - time.now, attempt, realm, { isNeeded: false });
    };
    time.later(dice.between(0.2, 4), attempt, realm);
  }

  #connection(realm) {
    return { createObjectStore: () => {}, close: () => {}, transaction: () => this.#transaction(realm) };
  }

  #transaction(realm) {
    const transaction = { realm, puts: [] };
    transaction.objectStore = () => ({
      get: (key) => {
        transaction.reading = { key };
        return transaction.reading;
      },
      put: (text, key) => transaction.puts.push([key, text]),
    });
    this.#queue.push(transaction);
    this.world.time.later(0, () => this.#next());
    return transaction;
  }

  #next() {
    if (this.#active) return;
    const transaction = this.#queue.shift();
    if (!transaction) return;
    this.#active = transaction;
    const { time, dice } = this.world;
    const { realm } = transaction;
    if (!realm.isAlive) return this.#over(transaction);
    transaction.begun = time.later(
      dice.between(0.2, 4),
      () => {
        const { reading } = transaction;
        reading.result = this.entries.get(reading.key);
        reading.onsuccess();
        time.later(dice.between(0.2, 8), () => this.#commit(transaction));
      },
      realm,
    );
  }

  #commit(transaction) {
    const { world } = this;
    const { realm, puts } = transaction;
    const isGone = !realm.isAlive && world.dice.chance(0.5);
    const isFailing = world.faultOf("transactions", realm) || (puts.length && world.faultOf("writes", realm));
    if (!isGone && !isFailing) {
      for (const [key, text] of puts) {
        this.entries.set(key, text);
        this.committed(key, text, realm);
      }
    }
    this.#over(transaction);
    this.#deliver(realm, () => (isFailing ? transaction.onabort?.() : transaction.oncomplete?.()));
  }

  #over(transaction) {
    if (this.#active !== transaction) return;
    this.#active = undefined;
    this.#next();
  }

  /** What a realm that is gone had not begun to commit is aborted. */
  left(realm) {
    if (this.#active?.realm === realm && realm.pending.has(this.#active.begun)) this.#over(this.#active);
  }

  clear() {
    for (const key of this.entries.keys()) this.committed(key, undefined);
    this.entries.clear();
    this.#isMade = false;
  }
}
