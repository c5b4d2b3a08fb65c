const NAME = "floor";
const KEY = "session";

/**
 * What a client of this kind cannot do without: the module, which the build writes in the place of MODULE, is compiled while
 * the database opens, and one record is read; where there is none, the answer of the first request is stored.
 */
export async function open({ url }) {
  const [database] = await Promise.all([openDatabase(), WebAssembly.compile(bytesOf(MODULE))]);
  const tokens = (await read(database)) ?? (await signIn(database, url));
  return { token: async () => tokens.access_token };
}

function bytesOf(base64) {
  return Uint8Array.fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function openDatabase() {
  const opening = indexedDB.open(NAME);
  opening.onupgradeneeded = () => opening.result.createObjectStore(NAME);
  return resultOf(opening);
}

function read(database) {
  return resultOf(database.transaction(NAME).objectStore(NAME).get(KEY));
}

async function signIn(database, url) {
  const tokens = await (await fetch(url)).json();
  const transaction = database.transaction(NAME, "readwrite", { durability: "strict" });
  transaction.objectStore(NAME).put(tokens, KEY);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = reject;
  });
  return tokens;
}

function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
}
