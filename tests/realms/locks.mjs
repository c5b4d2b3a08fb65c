/** Exclusive locks by name. That of a realm which is gone is given back, but for one that the platform forgets. */
export class Locks {
  #queues = new Map();

  constructor(world) {
    this.world = world;
  }

  request(realm, name, { signal }, use) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const wish = { realm, use, resolve, reject };
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      queue.push(wish);
      signal?.addEventListener("abort", () => {
        if (wish.isHeld || !queue.includes(wish)) return;
        queue.splice(queue.indexOf(wish), 1);
        reject(new DOMException("aborted", "AbortError"));
      });
      this.#grant(queue);
    });
  }

  get held() {
    return [...this.#queues.values()].flatMap((queue) => queue.filter(({ isHeld }) => isHeld));
  }

  left(realm) {
    for (const queue of this.#queues.values()) {
      for (const wish of queue.filter((wish) => wish.realm === realm)) {
        if (wish.isHeld && this.world.faultOf("orphans")) wish.isOrphan = true;
        else queue.splice(queue.indexOf(wish), 1);
      }
      this.#grant(queue);
    }
  }

  #grant(queue) {
    const [wish] = queue;
    if (!wish || wish.isHeld) return;
    wish.isHeld = true;
    const { time, dice } = this.world;
    const release = (settle) => (value) => {
      if (wish.isOrphan || !queue.includes(wish)) return;
      queue.splice(queue.indexOf(wish), 1);
      settle(value);
      this.#grant(queue);
    };
    const hold = () => Promise.resolve().then(wish.use).then(release(wish.resolve), release(wish.reject));
    time.later(dice.between(0.2, 5), hold, wish.realm);
  }
}
