/** More than any world needs that comes to rest. */
const MOST_STEPS = 20_000;

/** Virtual time: what is to happen, in its order. Between two events every promise that can settle does. */
export class Time {
  now = 0;
  steps = 0;
  #heap = [];
  #order = 0;

  /** Calls `run` so many milliseconds later, unless the realm is gone then; when it goes on, if it stands still. */
  later(ms, run, realm, { isTimer = false, isNeeded = true } = {}) {
    const event = { at: this.now + ms, rank: 0, order: this.#order++, run, realm, isTimer, isNeeded };
    realm?.pending.add(event);
    this.#push(event);
    return event;
  }

  cancel(event) {
    event.run = undefined;
    event.realm?.pending.delete(event);
  }

  async run(until) {
    await new Promise(setImmediate);
    for (;;) {
      const event = this.#heap[0];
      if (!event || event.at > until) break;
      this.#pop();
      if (!event.run) continue;
      const { realm } = event;
      if (realm && !realm.isAlive) continue;
      if (realm?.stoppedUntil > event.at) {
        event.at = realm.stoppedUntil;
        event.rank = event.isTimer === realm.timersComeFirst ? 0 : 1;
        this.#push(event);
        continue;
      }
      this.now = event.at;
      this.steps++;
      if (this.steps > MOST_STEPS) throw new Error("It never comes to rest.");
      realm?.pending.delete(event);
      event.run();
      await new Promise(setImmediate);
      realm?.afterTask();
    }
    this.now = Math.max(this.now, until);
  }

  #push(event) {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (isBefore(heap[above], event)) break;
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = event;
  }

  #pop() {
    const heap = this.#heap;
    const last = heap.pop();
    if (!heap.length) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
      if (isBefore(last, heap[below])) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one, other) {
  return (one.at - other.at || one.rank - other.rank || one.order - other.order) < 0;
}
