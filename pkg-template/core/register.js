import { parseObject } from "./platform.js";

/** Of the database, of its only store, and of the key that is probed. */
export const NAME = "meshydb-client";
/** Whether it has ever answered here. */
export let hasAnswered = false;

/** The register's text, or the copy if that is of a later time. Generations under a key only grow. */
function later(text, copy) {
  return isLater(copy, text) ? copy : (text ?? null);
}

/** Whether `text` is an entry that was written after `before`. */
function isLater(text, before) {
  const [entry, old] = [text, before].map(parseObject);
  const { sid, gen, access_token, ended } = entry ?? {};
  if (!Number.isInteger(gen) || typeof sid !== "string" || !(access_token || ended)) return false;
  return sid === old?.sid ? !old.ended && (ended || gen > old.gen) : gen > old?.gen;
}

/** One transaction on a connection of its own: an open connection would block the deletion of the site's data. */
async function transact(key, use) {
  const opening = indexedDB.open(NAME);
  const database = await new Promise((resolve, reject) => {
    opening.onupgradeneeded = () => opening.result.createObjectStore(NAME);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = reject;
  });
  try {
    const transaction = database.transaction(NAME, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(NAME);
    const reading = store.get(key);
    return await new Promise((resolve) => {
      let answer;
      reading.onsuccess = () => {
        answer = use(reading.result, store);
      };
      transaction.oncomplete = () => {
        hasAnswered = true;
        resolve([answer]);
      };
      transaction.onabort = () => resolve();
    });
  } finally {
    database.close();
  }
}

/** The text, or the end of its session if that is marked. */
export function ended(text, isMarked) {
  const { v, sid, gen, ended } = parseObject(text) ?? {};
  return ended || !isMarked?.(sid) ? text : JSON.stringify({ v, sid, gen, ended: "signed_out" });
}

/**
 * Resolves to the later one of the text under `key` and its copy in an array, or to nothing where the transaction failed. Where
 * there is no text, the copy counts unless there was one `last`. Ends the session if that is marked. Rejects without IndexedDB.
 */
export function read(key, isMarked, copyOf, last) {
  return transact(key, (text, store) => {
    const copy = copyOf?.();
    const next = ended(later(text, copy) ?? (last ? null : copy), isMarked);
    if (next && next !== text) store.put(next, key);
    return next;
  });
}

/**
 * Replaces the text if the later one of it and `copy` equals `expected`. Resolves to whether it did, in an array, or to
 * nothing where the transaction failed. Rejects without IndexedDB.
 */
export function compareAndSet(key, expected, next, copy) {
  return transact(key, (text, store) => {
    const isSame = later(text, copy) === expected;
    if (isSame) store.put(next, key);
    return isSame;
  });
}
