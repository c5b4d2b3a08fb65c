import { pageStorage } from "./load.js";
import { parseObject, within } from "./platform.js";
import * as register from "./register.js";

/** Milliseconds after which an IndexedDB that does not answer counts as missing: less than a store operation may take. */
const PATIENCE = 500;
const PROBE = "meshydb-client";

/** Throws where there is none, or it is blocked: the core would trap. */
function storage() {
  return globalThis.localStorage.getItem && pageStorage();
}

/** The text in localStorage; null if there is none, or no localStorage. */
function readCopy(key) {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

/** Writes a text to localStorage, or removes it if `next` is null; says whether that was possible. */
function writeCopy(key, next) {
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

/** Copies the register's text. If the session has ended, or there is no room, an older copy is removed. */
function updateCopy(key, text) {
  if (isOver(text) || !writeCopy(key, text)) writeCopy(key, null);
}

/** Waits so many milliseconds without a timer: the timers of a page in the background are a second late. */
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

/** Compares, writes, waits until writes of other tabs are visible, reads back. Best effort: localStorage is not atomic. */
async function compareAndSetCopy(key, expected, next) {
  if (readCopy(key) !== expected) return false;
  if (!writeCopy(key, next)) return Promise.reject();
  await pass(50);
  return readCopy(key) === next;
}

/** Whether the page may keep anything, as far as that is known: a storage that does not answer may yet. */
async function canKeep() {
  if (writeCopy(PROBE, "")) return writeCopy(PROBE, null);
  return within(PATIENCE, () => register.read(PROBE)).then(
    () => true,
    (error) => error === undefined,
  );
}

/** The store of `persistence: "local"`; nothing where nothing can be kept. */
export async function localStore() {
  return (await canKeep()) ? new Local() : undefined;
}

/**
 * The store of `persistence: "local"`. IndexedDB is the register. localStorage keeps a copy, which counts only where
 * IndexedDB is missing, or has no entry or an earlier one.
 */
export class Local {
  #channel;
  #hasAnswered = false;

  read(key) {
    return this.#ask(
      register.read(key),
      (text) => {
        const best = register.later(text, readCopy(key));
        if (best === text && isOver(text)) writeCopy(key, null);
        return best;
      },
      () => readCopy(key) ?? (this.#hasAnswered ? Promise.reject() : null),
    );
  }

  async compareAndSet(key, expected, next) {
    const tell = (isSet) => {
      if (isSet) this.#channel?.postMessage(0);
      return isSet;
    };
    const setting = register.compareAndSet(key, expected, next, readCopy(key));
    // Told even if it comes too late for the caller.
    setting.then(
      (answer) => tell(answer?.[0]),
      () => {},
    );
    return this.#ask(
      setting,
      (isSet) => {
        if (isSet) updateCopy(key, next);
        return isSet;
      },
      async () => tell(await compareAndSetCopy(key, expected, next)),
    );
  }

  /** Web Locks, which only secure contexts have. */
  get lock() {
    const { locks } = navigator;
    return locks && ((key, signal, run) => locks.request(key, { signal }, run));
  }

  /**
   * Listens for messages of the clients that share the register, for changes of localStorage by other tabs, and for the
   * return of a page from the back/forward cache, where it receives neither.
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

  /** Continues with the register's answer, or without. Once it has answered, an empty localStorage proves nothing. */
  #ask(asked, answered, missing) {
    const goOn = ([answer]) => {
      this.#hasAnswered = true;
      return answered(answer);
    };
    return within(PATIENCE, () => asked).then(goOn, missing);
  }
}
