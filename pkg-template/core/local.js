import { pageStorage } from "./load.js";
import { hasGlobal, parseObject, within } from "./platform.js";
import { believed, readRegister, swapRegister } from "./register.js";

/** Milliseconds after which an IndexedDB that does not answer counts as missing: fewer than a store has in all. */
const PATIENCE = 500;

/** Where there is no localStorage, this has no method. */
function storage() {
  return hasGlobal("localStorage") && pageStorage();
}

/** The text under a key; null if there is none, or no localStorage. */
function kept(key) {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

/** Writes the text under a key, or removes it if that is null; says whether that was possible. */
function keep(key, next) {
  try {
    next === null ? storage().removeItem(key) : storage().setItem(key, next);
    return true;
  } catch {
    return false;
  }
}

function isOver(text) {
  return parseObject(text)?.ended;
}

/** Copies what the register holds. The end of a session, or what there is no room for, takes an older copy away. */
function copy(key, text) {
  if (isOver(text) || !keep(key, text)) keep(key, null);
}

/** Lets so many milliseconds pass without a timer: those of a page in the background are a second late. */
async function pass(ms) {
  const { port1, port2 } = new MessageChannel();
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
  }
  port1.close();
}

/** Compare, write, wait until other tabs' writes can be seen, read back: best effort, localStorage is not atomic. */
async function swapKept(key, expected, next) {
  if (kept(key) !== expected) return false;
  if (!keep(key, next)) return Promise.reject();
  await pass(50);
  return kept(key) === next;
}

/**
 * The store behind `persistence: "local"`. IndexedDB is the register; localStorage keeps a copy, believed only where
 * IndexedDB is missing, has no entry, or has missed what became of its entry.
 */
export class Local {
  #channel;
  #hasAnswered = false;

  read(key) {
    return this.#ask(
      readRegister(key),
      (text) => {
        const best = believed(text, kept(key));
        if (best === text && isOver(text)) keep(key, null);
        return best;
      },
      () => kept(key) ?? (this.#hasAnswered ? Promise.reject() : null),
    );
  }

  async compareAndSet(key, expected, next) {
    const tell = (isSwapped) => {
      if (isSwapped) this.#channel?.postMessage(0);
      return isSwapped;
    };
    const register = swapRegister(key, expected, next, kept(key));
    // What lands late is told, too: nobody waits for it any more.
    register.then(
      (answer) => tell(answer?.[0]),
      () => {},
    );
    return this.#ask(
      register,
      (isSame) => {
        if (isSame) copy(key, next);
        return isSame;
      },
      async () => tell(await swapKept(key, expected, next)),
    );
  }

  /** Web Locks, which only secure contexts have. */
  get lock() {
    const { locks } = navigator;
    return locks && ((key, signal, run) => locks.request(key, { signal }, run));
  }

  /**
   * Listens to the clients that share the register, for localStorage that other tabs write or clear, and for the return of
   * a page that was put away, which has heard of nothing meanwhile.
   */
  watch(key, changed) {
    const onEvent = (event) => {
      if (event.key === key || event.key === null || event.persisted) changed();
    };
    addEventListener("storage", onEvent);
    addEventListener("pageshow", onEvent);
    this.#channel = globalThis.BroadcastChannel && new BroadcastChannel(key);
    if (this.#channel) this.#channel.onmessage = changed;
    return () => {
      removeEventListener("storage", onEvent);
      removeEventListener("pageshow", onEvent);
      this.#channel?.close();
      this.#channel = undefined;
    };
  }

  /** Goes on with the register's answer, or without one. Once it has answered, nothing in localStorage proves nothing. */
  #ask(register, answered, missing) {
    const goOn = ([answer]) => {
      this.#hasAnswered = true;
      return answered(answer);
    };
    return within(PATIENCE, () => register).then(goOn, missing);
  }
}
