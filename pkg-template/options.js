import { hasGlobal, MeshyError } from "./platform.js";

export function aborted(text) {
  return new MeshyError({ code: "aborted", retryable: false }, text);
}

export function unsupported(text) {
  return new MeshyError({ code: "unsupported", retryable: false }, text);
}

function check(isValid, argument, rule) {
  if (!isValid) throw new MeshyError({ code: "invalid_argument", retryable: false, argument }, `must be ${rule}`);
}

function checkObject(options) {
  check(options === undefined || (options !== null && typeof options === "object"), "options", "an object");
}

export function checkListener(listener) {
  check(typeof listener === "function", "listener", "a function");
}

/** The signal of a call's options. */
export function signalOf(options) {
  checkObject(options);
  const signal = options?.signal;
  check(signal === undefined || typeof signal?.removeEventListener === "function", "signal", "an AbortSignal");
  return signal;
}

/** What of a client's options is no text or number, and the others in the order that the core takes them. */
export function clientOptions(options) {
  checkObject(options);
  const {
    authUrl,
    tokenEndpoint,
    revocationEndpoint,
    scope,
    slot,
    timeout,
    reuseWindow,
    fetch,
    persistence = "none",
  } = options ?? {};
  check(fetch === undefined || typeof fetch === "function", "fetch", "a function");
  if (!fetch && !globalThis.fetch) throw unsupported("there is no fetch here");
  const isStore = typeof persistence?.read === "function" && typeof persistence.compareAndSet === "function";
  const rule = '"none", "local" or a store with read and compareAndSet';
  check(isStore || persistence === "none" || persistence === "local", "persistence", rule);
  const values = [authUrl, tokenEndpoint, revocationEndpoint, scope, slot, timeout, reuseWindow];
  return { fetch, values, persistence: persistence === "local" && !canPersist() ? "none" : persistence };
}

/** Only in pages and their workers: the localStorage that some servers have is one for all of their users. */
function canPersist() {
  const Scope = globalThis.Window ?? globalThis.WorkerGlobalScope;
  return Scope && globalThis instanceof Scope && (hasGlobal("indexedDB") || hasGlobal("localStorage"));
}
