const OF_WRITING = ["silence", "transactions", "writes", "openings"];
const OF_STORE = [...OF_WRITING, "reads"];

export function concerns({ tab }, realm) {
  return tab === undefined || !realm || realm.tab.number === tab;
}

/** What went wrong, as far as it explains what is seen. Nothing else does. */
export class Faults {
  #world;

  constructor(world) {
    this.#world = world;
  }

  /** Since then, and for longer than that at a time. */
  ofWriting(realm, since, longest) {
    return this.#had((what) => OF_WRITING.includes(what), realm, since, longest);
  }

  ofStore(realm, since) {
    return this.#had((what) => OF_STORE.includes(what), realm, since);
  }

  ofNetwork(since, until) {
    return this.#had((what) => what.startsWith("network"), undefined, since, 0, until);
  }

  wereMissing(since) {
    return this.#had((what) => what === "worker missing", undefined, since);
  }

  /** Another realm stood still, perhaps in the middle of a transaction for which all others wait. */
  ofOthers(realm, since) {
    return this.#world.realms.some((other) => other !== realm && other.hasStoodStill(since));
  }

  get haveWiped() {
    return this.#world.register.wipedAt !== undefined;
  }

  /** Pages without IndexedDB take part, which have no compare-and-set. */
  get areBestEffort() {
    return this.#world.plan.tabs.some(({ lacks }) => lacks.includes("indexedDB"));
  }

  #had(isOfKind, realm, since, longest = 0, end = this.#world.time.now) {
    return this.#world.plan.faults.some((fault) => {
      const { what, from, until } = fault;
      return isOfKind(what) && concerns(fault, realm) && from <= end && until >= since && until - from > longest;
    });
  }
}
