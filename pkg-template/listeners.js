import { checkListener } from "./options.js";

/** Calls each listener once after a change, from a microtask of its own: a listener that throws stops no other. */
export class Listeners {
  #all = new Set();
  #pending = false;

  add(listener) {
    checkListener(listener);
    const entry = () => listener();
    this.#all.add(entry);
    return () => void this.#all.delete(entry);
  }

  clear() {
    this.#all.clear();
  }

  notify() {
    if (this.#pending || !this.#all.size) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const entry of this.#all) Promise.resolve().then(() => this.#all.has(entry) && entry());
    });
  }
}
