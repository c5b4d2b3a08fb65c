/**
 * The localStorage of one origin. Each realm sees what it has written at once, and what others have written some time after that,
 * with an event.
 */
export class LocalStorages {
  values = new Map();
  #views = new Set();
  /** How many there were. */
  #changes = 0;

  constructor(world, committed) {
    this.world = world;
    this.committed = committed;
  }

  /** What `localStorage` is in a realm, and sees of the others. */
  of(realm) {
    const view = { realm, values: new Map(this.values), own: new Map(), seen: new Map() };
    this.#views.add(view);
    const change = (key, text) => this.#change(view, key, text);
    return {
      getItem: (key) => view.values.get(key) ?? null,
      setItem: (key, text) => {
        if (this.world.faultOf("full", realm) && text.length > 100)
          throw new DOMException("full", "QuotaExceededError");
        change(key, String(text));
      },
      removeItem: (key) => change(key, null),
    };
  }

  #change(view, key, text) {
    if ((view.values.get(key) ?? null) === text) return;
    set(view.values, key, text);
    view.own.set(key, (view.own.get(key) ?? 0) + 1);
    const { time, dice } = this.world;
    time.later(dice.between(0.05, 2), () => {
      view.own.set(key, view.own.get(key) - 1);
      set(this.values, key, text);
      view.seen.set(key, ++this.#changes);
      this.committed(key, text, view.realm);
      for (const other of this.#views) if (other !== view) this.#tell(other, key, text);
    });
  }

  #tell(view, key, text) {
    const { time, dice } = this.world;
    const { realm } = view;
    if (!realm.isAlive) return this.#views.delete(view);
    const change = this.#changes;
    // In the order in which they were committed, and not before what the realm itself has yet to commit.
    const see = (one, value) => {
      if (view.own.get(one) || view.seen.get(one) > change) return;
      set(view.values, one, value);
      view.seen.set(one, change);
    };
    const seen = () => {
      for (const one of key === null ? [...view.values.keys()] : [key]) see(one, text ?? null);
    };
    if (realm.isCached) return time.later(1, seen);
    time.later(
      dice.between(0.5, 100),
      () => {
        seen();
        realm.dispatch("storage", { key });
      },
      realm,
    );
  }

  clear() {
    this.values.clear();
    this.#changes += 1;
    for (const view of this.#views) this.#tell(view, null);
  }
}

function set(values, key, text) {
  if (text === null) values.delete(key);
  else values.set(key, text);
}
