import { pageStorage } from "./load.js";
import { parseObject, within } from "./platform.js";
import * as register from "./register.js";

/** Milliseconds. One that does not answer for so long when it is probed may yet. */
const PATIENCE = 500;
/** After each of them another may have changed what is stored. */
const EVENTS = "visibilitychange storage focus pageshow".split(" ");
/** Of messages to itself, in a second at least. */
const MOST_TURNS = 1e5;

/** Whether IndexedDB has ever answered here. */
let hasAnswered = false;

/** The method of a store that marks a session as ended before anything else happens: its page may be gone then. */
export const MARK_ENDED = Symbol();

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

/** Where it stands that a session was signed out, until the register has its end. */
function markOf(key, sid) {
  return `${key}:${sid}`;
}

/** Copies the register's text. If the session has ended, or there is no room, an older copy is removed. */
function updateCopy(key, text) {
  const { sid, ended } = parseObject(text);
  if (ended) writeCopy(markOf(key, sid), null);
  if (ended || !writeCopy(key, text)) writeCopy(key, null);
}

/** Waits so many milliseconds without a timer: the timers of a page in the background are a second late. A test's clock may stand still. */
async function pass(ms) {
  if (!globalThis.MessageChannel) return;
  const { port1, port2 } = new MessageChannel();
  const end = performance.now() + ms;
  for (let turns = 0; turns < MOST_TURNS && performance.now() < end; turns++) {
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

/** The store of that option. For "local" it is none where nothing can be kept: a storage that does not answer may yet. */
export async function openStore(persistence) {
  if (persistence !== "local") return persistence;
  const local = new Local();
  if (writeCopy(register.NAME, "")) return writeCopy(register.NAME, null) && local;
  return within(PATIENCE, () => register.read(register.NAME)).then(
    () => {
      hasAnswered = true;
      return local;
    },
    (error) => (error ? undefined : local),
  );
}

/**
 * The store of `persistence: "local"`. IndexedDB is the register. localStorage keeps a copy, which counts only where
 * IndexedDB is missing, or has an earlier entry or has had none here: not while it does not answer.
 */
export class Local {
  #channel;
  /** What stood in the register last. If nothing does then, it was removed, whatever a copy says that this page still sees. */
  #last;
  /** The sid of the session that was signed out here: its end is written by its core. */
  #leaving;

  read(key) {
    const isMarked = (sid) => sid !== this.#leaving && readCopy(markOf(key, sid)) !== null;
    return this.#ask(
      register.read(key, isMarked, () => readCopy(key), this.#last),
      (text) => {
        if (!text && this.#last === readCopy(key)) writeCopy(key, null);
        this.#last = text || this.#last;
        const { sid, ended } = parseObject(text) ?? {};
        if (ended) {
          if (isMarked(sid)) this.#channel?.postMessage(0);
          updateCopy(key, text);
        }
        return text;
      },
      () => {
        const text = register.ended(readCopy(key), isMarked);
        // Its mark stays: the register may have the session, too.
        if (text !== readCopy(key)) writeCopy(key, text);
        return text;
      },
    );
  }

  [MARK_ENDED](key, sid) {
    this.#leaving = sid;
    if (!writeCopy(markOf(key, sid), "")) {
      writeCopy(key, null);
      writeCopy(markOf(key, sid), "");
    }
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
        if (isSet) {
          this.#last = next;
          updateCopy(key, next);
        }
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
   * Listens for messages of the clients that share the register, for changes of localStorage by other tabs, and for whatever
   * may come after a time in which a page receives neither.
   */
  watch(key, changed) {
    const onEvent = ({ key: changedKey, persisted }) => {
      if ((!changedKey || changedKey.startsWith(key)) && persisted !== false) changed();
    };
    for (const type of EVENTS) addEventListener(type, onEvent);
    if (globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(key);
      this.#channel.onmessage = changed;
      this.#channel.unref?.();
    }
    return () => {
      for (const type of EVENTS) removeEventListener(type, onEvent);
      // What is under way is still told to others by it.
      if (this.#channel) this.#channel.onmessage = null;
    };
  }

  /** Continues with the register's answer, or without where there is none: one that has ever answered only fails. */
  #ask(asked, answered, missing) {
    return asked.then(
      ([answer]) => {
        hasAnswered = true;
        return answered(answer);
      },
      (error) => {
        if (hasAnswered) throw error;
        return missing();
      },
    );
  }
}
