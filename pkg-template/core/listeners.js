import { checkListener } from "./options.js";

/** Calls each listener from a microtask of its own: one that throws stops no other. */
export class Listeners {
  #all = new Set();
  #pending = false;

  add(listener) {
    checkListener(listener);
    const entry = (...event) => listener(...event);
    this.#all.add(entry);
    return () => void this.#all.delete(entry);
  }

  clear() {
    this.#all.clear();
  }

  tell(...event) {
    for (const entry of this.#all) Promise.resolve().then(() => this.#all.has(entry) && entry(...event));
  }

  /** Once after a change, however much has changed. */
  notify() {
    if (this.#pending || !this.#all.size) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.tell();
    });
  }
}
