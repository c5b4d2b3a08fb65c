/** Milliseconds that one store operation may take. */
const STORE_TIMEOUT = 1000;
/** The members of a stored entry, in the order of src/web/views.rs. */
const ENTRY = "v sid gen access_token refresh_token scope received_at expires_at past unauthorized_at ended \
attempt claim claim_number claim_for claim_locked cooldown_since cooldown_for failures sent_since sends refusals".split(
  " ",
);
const BRAND = Symbol.for("meshydb-client.MeshyError");

export class MeshyError extends Error {
  retryable = false;

  constructor(details, text) {
    const { code, reason, error, error_description } = details;
    super([code, reason, text, error !== code && error, error_description].filter(Boolean).join(": "));
    for (const name in details) if (details[name] !== undefined) this[name] = details[name];
  }

  get name() {
    return "MeshyError";
  }

  get [BRAND]() {
    return true;
  }

  static [Symbol.hasInstance](value) {
    try {
      return value[BRAND] === true;
    } catch {}
    return false;
  }
}

/** The core's error; one that a refusal is has the server's words. */
export function meshyError([code, reason, text, retryable, status, retryAfter], words) {
  const details = { code, reason, retryable: !!retryable, status, retryAfter };
  const isRefusal = status && /^(refused|session_ended|invalid_grant)$/.test(code);
  return new MeshyError(isRefusal ? { ...details, ...words } : details, text);
}

/** Milliseconds by which a timer is late if everything stood still. What has arrived meanwhile has a hundred times as long to be read. */
const STANDSTILL = 10;

/** Settles as the promise of `ask` does, or rejects with undefined after `ms`. Undefined means nothing else. */
export function within(ms, ask, late) {
  return new Promise((resolve, reject) => {
    const due = performance.now() + ms;
    const giveUp = () => {
      reject();
      late?.abort();
    };
    let timer = setTimeout(() => {
      if (performance.now() < due + STANDSTILL) giveUp();
      else timer = setTimeout(giveUp, 100 * STANDSTILL);
    }, ms);
    Promise.resolve()
      .then(ask)
      .then(resolve, (error) => reject(error || true))
      .then(() => clearTimeout(timer));
  });
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The entry that a store keeps under one key, for the core as an array of its members. Without a store that is kept here. */
export class StoredEntry {
  /** The store's last error, if it is one of this package: any other may show a secret. */
  error = null;
  #store;
  #key;
  #onFailure;
  /** The text that was read or written last; without a store, the members. */
  #seen = null;

  constructor(store, key, onFailure) {
    this.#store = store;
    this.#key = key;
    this.#onFailure = onFailure;
  }

  /** Resolves to the members, or to nothing. */
  async read() {
    if (!this.#store) return this.#seen;
    const text = await this.#callStore("read", () => this.#store.read(this.#key));
    this.#seen = typeof text === "string" ? text : null;
    return text && ownMembers(parseObject(this.#seen), ENTRY);
  }

  /** Replaces what was read or written last, and says whether it was still there. Other members of the same session stay. */
  async compareAndSet(members, idToken) {
    if (!this.#store) {
      this.#seen = members;
      return true;
    }
    const [, sid] = members;
    const entry = this.#of(sid);
    ENTRY.forEach((name, index) => {
      entry[name] = members[index];
    });
    if (idToken) entry.id_token = idToken;
    if (entry.ended) entry.id_token = undefined;
    const next = JSON.stringify(entry);
    const isSet = await this.#callStore("write", () => this.#store.compareAndSet(this.#key, this.#seen, next));
    if (isSet) this.#seen = next;
    return isSet;
  }

  /** The ID token of that session, if it is there and has one. */
  idTokenOf(sid) {
    return this.#of(sid).id_token;
  }

  /** What is there of that session. */
  #of(sid) {
    const entry = parseObject(this.#seen);
    return (entry?.sid === sid && entry) || {};
  }

  async #callStore(operation, ask) {
    try {
      const answer = await within(STORE_TIMEOUT, ask);
      this.error = null;
      return answer;
    } catch (error) {
      this.error = error instanceof MeshyError ? error : null;
      this.#onFailure(operation);
      throw this.error ? !this.error.retryable : undefined;
    }
  }
}

export function parseObject(text) {
  try {
    const value = JSON.parse(text);
    if (!Array.isArray(value)) return value;
  } catch {}
}

/** The own members of an object in the order of `names`, null as if it were missing; empty if they cannot be read. */
export function ownMembers(object, names) {
  try {
    return names.map((name) => (Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined));
  } catch {
    return [];
  }
}
