/** The BroadcastChannels of one origin. A page in the back/forward cache hears nothing. */
export class Channels {
  #all = new Set();

  constructor(world) {
    this.world = world;
  }

  /** The class `BroadcastChannel` of a realm. */
  of(realm) {
    const channels = this;
    return class {
      constructor(name) {
        this.name = name;
        this.realm = realm;
        channels.#all.add(this);
      }

      postMessage(data) {
        channels.#post(this, data);
      }

      close() {
        channels.#all.delete(this);
      }
    };
  }

  #post(from, data) {
    const { time, dice } = this.world;
    for (const other of this.#all) {
      if (other === from || other.name !== from.name || !other.realm.isAlive || other.realm.isCached) continue;
      time.later(dice.between(0.3, 15), () => this.#all.has(other) && other.onmessage?.({ data }), other.realm);
    }
  }
}
