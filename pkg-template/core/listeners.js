import { checkFunction } from "./options.js";

/** Calls each listener from its own microtask, so that a listener that throws does not stop the others. */
export class Listeners {
  #all = new Set();
  #pending;

  add(listener) {
    checkFunction(listener, "listener");
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

  /** Calls the listeners once, however much changes in the meantime. */
  notify() {
    if (this.#pending || !this.#all.size) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      this.tell();
    });
  }
}
