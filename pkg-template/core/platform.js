/** Milliseconds that one store operation may take. */
const STORE_TIMEOUT = 1000;
/** Milliseconds in which a page that is being left has gone: its requests break before its scripts stop. */
const LEAVING = 250;
/** Bytes of an answer that are read. */
const BODY_LIMIT = 65_536;
/** The members of a stored record, in the order in which the core takes and gives them. */
const RECORD = "v sid gen access_token refresh_token scope received_at expires_at past ended \
attempt claim claim_number claim_for claim_locked cooldown_since cooldown_for failures unanswered_since".split(" ");
/** The members of a token response, in the order in which the core takes them. */
const TOKEN_RESPONSE = "access_token token_type expires_in refresh_token scope error error_description".split(" ");
const BRAND = Symbol.for("meshydb-client.MeshyError");

export class MeshyError extends Error {
  constructor(details, text) {
    super([details.code, details.reason, text].filter(Boolean).join(": "));
    for (const name in details) if (details[name] !== undefined) this[name] = details[name];
  }

  get name() {
    return "MeshyError";
  }

  get [BRAND]() {
    return true;
  }

  static [Symbol.hasInstance](value) {
    return value?.[BRAND] === true;
  }
}

export function meshyError([code, reason, text, retryable, status, error, error_description, retryAfter]) {
  return new MeshyError({ code, reason, retryable, status, error, error_description, retryAfter }, text);
}

/** Whether there is such a thing here; where storage is blocked, looking may throw. */
export function hasGlobal(name) {
  try {
    return !!globalThis[name];
  } catch {
    return false;
  }
}

export function monotonic() {
  return performance.now();
}

/** Settles as what `ask` promises, or after `ms` rejects with undefined; a rejection with nothing is made to be something else. */
export function within(ms, ask, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject();
      late?.abort();
    }, ms);
    const failed = (error) => reject(error ?? 0);
    Promise.resolve()
      .then(ask)
      .then(resolve, failed)
      .then(() => clearTimeout(timer));
  });
}

/** Reads the store: the members of the record there, or nothing. A session that has none is kept by its engine. */
export async function load(port) {
  if (!port.store) return port.engine.seen;
  const text = await told(port, "read", () => port.store.read(port.key));
  port.engine.seen = typeof text === "string" ? text : null;
  return text && ownMembers(parseObject(port.engine.seen), RECORD);
}

/** Replaces what was read or written last with a record of these members and of those that the old one has beyond them. */
export async function swap(port, members) {
  const { engine, store, key } = port;
  if (!store) {
    engine.seen = members;
    return true;
  }
  const [, sid] = members;
  const before = parseObject(engine.seen);
  const record = (before?.sid === sid && before) || {};
  RECORD.forEach((name, index) => {
    record[name] = members[index];
  });
  const next = JSON.stringify(record);
  const isSwapped = await told(port, "write", () => store.compareAndSet(key, engine.seen, next));
  if (isSwapped) engine.seen = next;
  return isSwapped;
}

/** What the store says in time. Of its errors only those of this package are kept: they show no secret. */
async function told(port, operation, ask) {
  try {
    const answer = await within(STORE_TIMEOUT, ask);
    port.storeError = null;
    return answer;
  } catch (error) {
    port.storeError = error instanceof MeshyError ? error : null;
    port.report("storage", { failed: operation });
    throw undefined;
  }
}

/** Posts a form: to status, Retry-After in seconds and the members of the JSON object in at most 64 KiB of JSON. */
export function post(port, body, isRevocation) {
  const { api, fetch } = port;
  const [, grant = "revocation"] = /^grant_type=(\w+)/.exec(body) ?? [];
  const { tokenEndpoint, revocationEndpoint, tenant, timeout } = api;
  const controller = new AbortController();
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  if (tenant) headers.tenant = tenant;
  port.report("request", { grant });
  const ask = async () => {
    const response = await fetch(isRevocation ? revocationEndpoint : tokenEndpoint, {
      method: "POST",
      headers,
      body,
      keepalive: isRevocation,
      signal: controller.signal,
      redirect: "manual",
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    const later = response.headers.get("retry-after");
    const seconds = /^\d+$/.test(later) ? +later : (Date.parse(later) - Date.now()) / 1000;
    const isJson = /^application\/json[ \t]*(;|$)/i.test(response.headers.get("content-type"));
    const text = await readText(response.body, BODY_LIMIT);
    const members = tokenMembers(isJson && parseObject(text));
    port.received = members[0];
    port.report("answer", { grant, status: response.status });
    return [response.status, seconds, ...members];
  };
  return within(timeout, ask, controller).catch(async (failure) => {
    port.report("answer", { grant, code: failure === undefined ? "timeout" : "network" });
    if (failure !== undefined && globalThis.document) await new Promise((resolve) => setTimeout(resolve, LEAVING));
    throw failure;
  });
}

/** Undefined for what is longer, and one chunk at most was read of it, or for what is no UTF-8. */
async function readText(body, limit) {
  const reader = body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let left = limit; reader && left >= 0; ) {
    const { done, value } = await reader.read();
    try {
      text += decoder.decode(value, { stream: !done });
    } catch {
      break;
    }
    if (done) return text;
    left -= value.byteLength;
  }
  reader?.cancel().catch(() => {});
}

export function parseObject(text) {
  try {
    const value = JSON.parse(text);
    if (!Array.isArray(value)) return value;
  } catch {}
}

/** The members of a token response that an object is. */
export function tokenMembers(object) {
  return ownMembers(object, TOKEN_RESPONSE);
}

/** The own members of an object in the order of `names`; none if they cannot be had. */
function ownMembers(object, names) {
  try {
    const own = new Map(Object.entries(object));
    return names.map((name) => own.get(name));
  } catch {
    return [];
  }
}
