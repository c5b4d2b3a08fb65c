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

export function meshyError([code, reason, text, retryable, argument, status, error, error_description, retryAfter]) {
  return new MeshyError({ code, reason, retryable, argument, status, error, error_description, retryAfter }, text);
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

/** Settles as `promise` does, or after `ms` rejects with undefined; any other rejection is made to be something else. */
export function within(promise, ms, late) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject();
      late?.abort();
    }, ms);
  });
  return Promise.race([promise.catch(() => Promise.reject(0)), deadline]).finally(() => clearTimeout(timer));
}

export function requestInit(body, tenant, signal, keepalive) {
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  if (tenant !== undefined) headers.tenant = tenant;
  return {
    method: "POST",
    headers,
    body,
    signal,
    keepalive,
    redirect: "manual",
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
  };
}

/** Status, media type, Retry-After in seconds and at most `limit` bytes of text. */
export async function readAnswer(response, limit) {
  const { status, headers, body } = await response;
  const later = headers.get("retry-after");
  const seconds = /^\d+$/.test(later) ? +later : (Date.parse(later) - Date.now()) / 1000;
  return [status, headers.get("content-type"), seconds, await readText(body, limit)];
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

/** The own members of an object, or of a JSON object, in the order of `names`; undefined if there is no object. */
export function ownMembers(source, names) {
  const object = typeof source === "string" ? parseObject(source) : source;
  if (!object || typeof object !== "object") return undefined;
  return names.split(" ").map((name) => (Object.hasOwn(object, name) ? object[name] : undefined));
}

/** The JSON text of a record, with the members that `text`, of the same session, has beyond these. */
export function writeRecord(text, names, members) {
  const before = parseObject(text);
  const record = Object.fromEntries(names.split(" ").map((name, index) => [name, members[index]]));
  return JSON.stringify({ ...(before?.sid === record.sid && before), ...record });
}
