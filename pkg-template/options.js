import { hasGlobal, MeshyError } from "./platform.js";

const LONGEST_URL = 1024;

export function aborted(text) {
  return new MeshyError({ code: "aborted", retryable: false }, text);
}

export function unsupported(text) {
  return new MeshyError({ code: "unsupported", retryable: false }, text);
}

export function check(isValid, argument, rule) {
  if (!isValid) throw new MeshyError({ code: "invalid_argument", retryable: false, argument }, `must be ${rule}`);
}

export function checkObject(options) {
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

/** What the URL is in full, if it is https (or http on this machine), has host, port and path alone, and is what a parser makes of it. */
function plainUrl(text) {
  try {
    const { href, protocol, hostname, origin, pathname } = new URL(text);
    const isHere = /^(localhost|127[.\d]+|\[::1])$/.test(hostname);
    const isSafe = protocol === "https:" || (protocol === "http:" && isHere);
    const isPlain = href === origin + pathname && [text, `${text}/`].includes(href) && href.length <= LONGEST_URL;
    return isSafe && isPlain && href;
  } catch {}
}

function checkUrl(text, argument) {
  const url = typeof text === "string" && plainUrl(text);
  check(url, argument, "an https URL (or http on this machine) of host, port and path alone, in normal form");
  return url;
}

/** What of a client's options is no text or number, and the others in the order that the core takes them. */
export function clientOptions(options) {
  checkObject(options);
  const {
    authUrl,
    tokenEndpoint,
    revocationEndpoint,
    apiUrl,
    allowedOrigins = [],
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
  check(Array.isArray(allowedOrigins), "allowedOrigins", "an array of origins");
  const urls = { authUrl, tokenEndpoint, revocationEndpoint, apiUrl };
  for (const name in urls) if (urls[name] !== undefined) urls[name] = checkUrl(urls[name], name);
  const origins = allowedOrigins.map((text) => checkUrl(text, "allowedOrigins").slice(0, -1));
  const isOrigin = (url) => new URL(url).origin === url;
  check(origins.every(isOrigin), "allowedOrigins", "an array of origins");
  return {
    fetch,
    values: [scope, slot, urls.authUrl, urls.tokenEndpoint, urls.revocationEndpoint, timeout, reuseWindow],
    apiUrl: urls.apiUrl ?? (tokenEndpoint === undefined ? "https://api.meshydb.com/" : undefined),
    origins,
    persistence: persistence === "local" && !canPersist() ? "none" : persistence,
  };
}

/** Only in pages and their workers: the localStorage that some servers have is one for all of their users. */
function canPersist() {
  const Scope = globalThis.Window ?? globalThis.WorkerGlobalScope;
  return Scope && globalThis instanceof Scope && (hasGlobal("indexedDB") || hasGlobal("localStorage"));
}
