const NAME = "meshydb-client";

/** One transaction, on a connection of its own: an open one could keep the page out of the back/forward cache. */
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
 * Replaces the text if it still equals `expected`, and says whether it did, in an array: none where the transaction
 * failed. `fallback` counts where there is no text. Rejects without IndexedDB.
 */
export function swapRegister(key, expected, next, fallback) {
  return transact(key, (text, store) => {
    const isSame = (text ?? fallback) === expected;
    if (isSame) store.put(next, key);
    return isSame;
  });
}
