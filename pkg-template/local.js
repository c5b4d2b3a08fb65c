import { keep, kept } from "./load.js";
import { parseObject, within } from "./platform.js";
import { readRegister, swapRegister } from "./register.js";

/** Milliseconds after which an IndexedDB that does not answer counts as missing: fewer than a store has in all. */
const PATIENCE = 500;

function attempt(work) {
  try {
    return work();
  } catch {}
}

function isOver(text) {
  return !!parseObject(text)?.ended;
}

/** What came of a swap in the register. What cannot be copied takes an older copy away. */
function copied(isSwapped, key, next) {
  if (isSwapped === undefined) throw new Error("the transaction was aborted");
  if (isSwapped) attempt(() => keep(key, isOver(next) ? null : next)) ?? attempt(() => keep(key, null));
  return isSwapped;
}

/** Compare, write, wait until other tabs' writes can be seen, read back: best effort, localStorage is not atomic. */
async function swapKept(key, expected, next) {
  if (kept(key) !== expected) return false;
  keep(key, next);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return kept(key) === next;
}

/**
 * The store behind `persistence: "local"`. IndexedDB is the register; localStorage keeps a copy, believed only where
 * there is no IndexedDB or nothing in it.
 */
export class Local {
  #channel;

  async read(key) {
    const text = await within(readRegister(key), PATIENCE).catch(() => kept(key));
    if (isOver(text) && attempt(() => kept(key)) !== text) attempt(() => keep(key, null));
    return text ?? attempt(() => kept(key)) ?? null;
  }

  async compareAndSet(key, expected, next) {
    const fallback = attempt(() => kept(key)) ?? null;
    const isSwapped = await within(swapRegister(key, expected, next, fallback), PATIENCE).then(
      (isSame) => copied(isSame, key, next),
      () => swapKept(key, expected, next),
    );
    if (isSwapped) this.#channel?.postMessage(0);
    return isSwapped;
  }

  /** Web Locks, which only secure contexts have. */
  get lock() {
    const { locks } = navigator;
    return locks && ((key, signal, run) => locks.request(key, { signal }, run));
  }

  /** Listens to the clients that share the register, and for localStorage that other tabs write or clear. */
  watch(key, changed) {
    const onStorage = (event) => {
      if (event.key === key || event.key === null) changed();
    };
    addEventListener("storage", onStorage);
    this.#channel = attempt(() => new BroadcastChannel(key));
    if (this.#channel) this.#channel.onmessage = changed;
    return () => {
      removeEventListener("storage", onStorage);
      this.#channel?.close();
      this.#channel = undefined;
    };
  }
}
