import { parsed } from "../fetches/answers.js";
import { failure } from "../fetches/errors.js";

/** Begins the `state` of a sign-in in a popup. */
export const POPUP = "popup.";
const PREFIX = "meshydb-client-oauth:";
const USED = "meshydb-client-oauth-used:";
/** Milliseconds within which a sign-in has to come to its end. */
const LIFETIME = 600_000;
const ANSWER = "error session_state error_description error_uri code state iss".split(" ");
const ANEW = "begin the sign-in anew";

/** Keeps what is given for a while, and removes what has expired. */
function put(storage, prefix, name, value) {
  for (const key of Object.keys(storage)) {
    if (key.startsWith(prefix) && !(parsed(storage.getItem(key))?.expires > Date.now())) storage.removeItem(key);
  }
  storage.setItem(prefix + name, JSON.stringify({ ...value, expires: Date.now() + LIFETIME }));
}

/** Uses the storage of this tab alone. */
function inTab(use) {
  try {
    return use(sessionStorage);
  } catch {
    throw failure("unsupported", "sessionStorage is blocked here");
  }
}

/** Keeps what a sign-in needs at its end. */
export function keep(binding, transaction) {
  inTab((storage) => put(storage, PREFIX, `${binding}:${transaction.state}`, transaction));
}

/** The answer in this page's URL, which is cleaned of it, and the transaction, which nobody gets twice; null where there is none. */
export function takeAnswer(binding) {
  if (!globalThis.location) throw failure("unsupported", "it is for pages");
  const url = new URL(location.href);
  const parameters = new URLSearchParams(url.search);
  const state = parameters.get("state") ?? POPUP;
  if (state.startsWith(POPUP) || !(parameters.has("code") || parameters.has("error"))) return null;
  const key = `${PREFIX}${binding}:${state}`;
  const [text, isOfAnother] = inTab((storage) => {
    const taken = storage.getItem(key);
    storage.removeItem(key);
    return [taken, Object.keys(storage).some((name) => name.startsWith(PREFIX) && name.endsWith(`:${state}`))];
  });
  if (text === null && isOfAnother) return null;
  for (const name of ANSWER) url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
  return { parameters, transaction: parsed(text) };
}

/**
 * Runs `exchange` if this tab has begun the transaction, unless a copy of it does or did: a duplicated tab has a copy of its
 * transactions.
 */
export async function once(transaction, digestOf, exchange) {
  if (!(transaction?.expires > Date.now()))
    throw failure("invalid_response", `this tab has begun no such sign-in, or too long ago: ${ANEW}`);
  const digest = await digestOf(transaction.state);
  const key = USED + digest;
  const isFirst = () => {
    try {
      if (localStorage.getItem(key) !== null) return false;
      put(localStorage, USED, digest);
    } catch {}
    return true;
  };
  const run = (lock) => {
    if (lock === null || !isFirst())
      throw failure("invalid_response", `another tab has used the answer of this sign-in: ${ANEW}`);
    return exchange();
  };
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request(key, { ifAvailable: true }, run) : run();
}

/** Of an exchange that did not succeed: its code may have been used, so it is never sent again. */
export function anew({ code, message, status, retryAfter, error, error_description }) {
  const details = { status, retryAfter, error, error_description };
  return Object.assign(failure(code, `${message.replace(`${code}: `, "")}; ${ANEW}`), details);
}
