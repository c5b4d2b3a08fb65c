import { parseObject } from "./platform.js";

const NAME = "meshydb-client";

/** Whether `text` is a record, and one that came after `before`. */
function isLater(text, before) {
  const [record, old] = [text, before].map(parseObject);
  const { sid, gen, access_token, ended } = record ?? {};
  if (typeof sid !== "string" || !Number.isInteger(gen) || !(access_token || ended)) return false;
  return sid === old?.sid ? !old.ended && (ended || gen > old.gen) : gen > old?.gen;
}

/** What counts: the register's text, unless it has none or has missed what came after; generations never start again. */
export function believed(text, copy) {
  return isLater(copy, text) ? copy : (text ?? copy);
}

/** One transaction, on a connection of its own: an open one would make the deletion of the site's data wait for the page. */
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
      transaction.oncomplete = () => resolve([answer]);
      transaction.onabort = () => resolve();
    });
  } finally {
    database.close();
  }
}

/** The text under `key`, if there is one, in an array: none where the transaction failed. Rejects without IndexedDB. */
export function readRegister(key) {
  return transact(key, (text) => text);
}

/**
 * Replaces the text if it still equals `expected`, or `copy` does that is believed, and says whether it did, in an
 * array: none where the transaction failed. Rejects without IndexedDB.
 */
export function swapRegister(key, expected, next, copy) {
  return transact(key, (text, store) => {
    const isSame = believed(text, copy) === expected;
    if (isSame) store.put(next, key);
    return isSame;
  });
}
