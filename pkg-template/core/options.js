import { MeshyError } from "./platform.js";

/** A compiled `using` takes these where the platform has no symbols of its own. */
export const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");
export const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
const LONGEST_TEXT = 1024;
const LONGEST_TIME = 3_600_000;

export function failure(code, text, details) {
  return new MeshyError({ code, ...details }, text);
}

export function check(isValid, argument, rule) {
  if (!isValid) throw failure("invalid_argument", `${argument} must be ${rule}`, { argument });
}

export function checkObject(options) {
  check(options === undefined || (options !== null && typeof options === "object"), "options", "an object");
}

export function checkFunction(value, argument) {
  check(typeof value === "function", argument, "a function");
}

/** The signal of a call's options. */
export function signalOf(options) {
  checkObject(options);
  const signal = options?.signal;
  const isSignal = typeof signal?.addEventListener === "function" && typeof signal.removeEventListener === "function";
  check(signal === undefined || isSignal, "signal", "an AbortSignal");
  return signal;
}

/** The full URL, if it is https (or http on this machine), has host, port and path alone, and is in normal form. */
function checkUrl(text, argument) {
  try {
    const { href, protocol, hostname, origin, pathname } = new URL(text);
    const isHere = /^(([\w-]+\.)*localhost|127[.\d]+|\[::1])$/.test(hostname);
    if (protocol === "https:" || (protocol === "http:" && isHere)) {
      const plain = origin + pathname;
      const isNormal = typeof text === "string" && [text, `${text}/`].includes(href);
      if (href === plain && isNormal && href.length <= LONGEST_TEXT) return href;
    }
  } catch {}
  check(false, argument, "an https URL (or http on this machine) of host, port and path alone, in normal form");
}

const OPTIONS =
  "fetch refreshIn persistence reuseWindow revocationEndpoint scope slot timeout tokenEndpoint allowedOrigins apiUrl authUrl".split(
    " ",
  );

/** Whoever misspells an option would otherwise have its default. */
function checkNames(options) {
  for (const argument in options) {
    if (OPTIONS.includes(argument) || options[argument] === undefined) continue;
    const meant = OPTIONS.find((name) => name.slice(0, 3) === argument.slice(0, 3).toLowerCase());
    const text = `${argument} is no option${meant ? `: is it ${meant}?` : ""}`;
    throw failure("invalid_argument", text, { argument });
  }
}

const RULES = {
  accountName: /^[a-z\d][\w.~-]{0,127}$/i,
  tenant: /^([!-~]([ -~]{0,1022}[!-~])?)?$/,
  publicKey: /^[!-~]{1,1024}$/,
  scope: /^[ !#-[\]-~]{0,1024}$/,
  refreshToken: /^[!-~]{1,65536}$/,
  slot: /^\P{Cs}{1,1024}$/u,
};
export const TEXT = /^\P{Cs}{1,65536}$/u;

export function checkText(text, argument, rule = RULES[argument]) {
  check(typeof text === "string" && rule.test(text), argument, `like ${rule}`);
}

/** The token that a caller of `getAccessToken` wants. */
export function wantedOf(options) {
  const { minValidity, rejected } = options ?? {};
  const isDuration = minValidity === undefined || (typeof minValidity === "number" && minValidity >= 0);
  check(isDuration, "minValidity", "a number of seconds, 0 or more");
  check(rejected === undefined || typeof rejected === "string", "rejected", "a string");
  return { minValidity, rejected };
}

/** The name of the session in a store: an injective encoding of everything that distinguishes sessions. */
function keyOf(...parts) {
  return ["meshydb-client", ...parts].map(encodeURIComponent).join(":");
}

function checkMilliseconds(value, argument, least) {
  const isIn = typeof value === "number" && value >= least && value <= LONGEST_TIME;
  check(isIn, argument, `${least} to ${LONGEST_TIME} milliseconds`);
}

/** Checks all arguments of a client: `api` is for requests and calls, `key` and `store` for the store, `settings` for the core. */
export function clientOptions(accountName, tenant, publicKey, options) {
  checkObject(options);
  checkNames(options);
  const isElsewhere = options?.tokenEndpoint !== undefined;
  const hasAccount = accountName !== "" || !isElsewhere;
  const {
    allowedOrigins = [],
    scope = isElsewhere ? "" : "meshy.api offline_access",
    slot = "default",
    timeout = 10_000,
    reuseWindow = 30_000,
    fetch,
    refreshIn,
    persistence = "none",
  } = options ?? {};
  if (hasAccount) checkText(accountName, "accountName");
  for (const [name, text] of Object.entries({ tenant, publicKey, scope, slot })) checkText(text, name);
  checkMilliseconds(timeout, "timeout", 1);
  checkMilliseconds(reuseWindow, "reuseWindow", 0);
  if (refreshIn !== undefined) checkFunction(refreshIn, "refreshIn");
  if (fetch !== undefined) checkFunction(fetch, "fetch");
  if (!fetch && !globalThis.fetch) throw failure("unsupported", "there is no fetch here");
  const isStore = typeof persistence?.read === "function" && typeof persistence.compareAndSet === "function";
  const rule = '"none", "local" or a store with read and compareAndSet';
  check(isStore || persistence === "none" || persistence === "local", "persistence", rule);

  const url = (name, otherwise) => (options?.[name] === undefined ? otherwise : checkUrl(options[name], name));
  const account = hasAccount ? `/${accountName}` : "";
  const inside = (base, path) => base && `${base.replace(/\/$/, "")}${account}/${path}`;
  const authUrl = url("authUrl", "https://auth.meshydb.com");
  const tokenEndpoint = url("tokenEndpoint", inside(authUrl, "connect/token"));
  const revocationEndpoint = url("revocationEndpoint", isElsewhere ? "" : inside(authUrl, "connect/revocation"));
  const base = inside(url("apiUrl", isElsewhere ? "" : "https://api.meshydb.com"), "");
  check(Array.isArray(allowedOrigins), "allowedOrigins", "an array of origins");
  const origins = allowedOrigins.map((text) => {
    const { href, origin } = new URL(checkUrl(text, "allowedOrigins"));
    check(href === `${origin}/`, "allowedOrigins", "an array of origins");
    return origin;
  });
  return {
    api: {
      tenant,
      publicKey,
      scope,
      timeout,
      reuseWindow,
      fetch,
      refreshIn,
      tokenEndpoint,
      revocationEndpoint,
      base,
      origin: base && new URL(base).origin,
      origins,
    },
    key: keyOf(tokenEndpoint, accountName, tenant, publicKey, slot),
    store: persistence === "none" || (!canPersist() && persistence === "local") ? undefined : persistence,
  };
}

/** Only in pages and workers: where a server has a localStorage, all of its users share it. */
function canPersist() {
  const Scope = globalThis.Window ?? globalThis.WorkerGlobalScope;
  return Scope && globalThis instanceof Scope;
}
