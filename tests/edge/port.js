import { StoredEntry } from "../../pkg-template/core/platform.js";
import { post } from "../../pkg-template/core/post.js";

/** The part of pkg-template/core/port.js that the core sees, with everything kept for the tests. */
export class TestPort {
  outcomes = new Map();
  waiting = new Map();
  locks = 0;
  api = { tokenEndpoint: "https://auth.example/token", timeout: 50 };

  constructor(fetch, store) {
    this.fetch = fetch;
    this.entry = new StoredEntry(store, "key", () => {});
  }

  settle(caller, answer, value) {
    const settled = this.outcomes.get(caller) ?? [];
    const outcome = { answer, value: Array.isArray(value) ? value[0] : value };
    this.outcomes.set(caller, [...settled, outcome]);
    this.waiting.get(caller)?.(outcome);
  }

  read() {
    return this.entry.read();
  }

  compareAndSet(members) {
    return this.entry.compareAndSet(members);
  }

  grant() {
    return post(this, { grant_type: "password", username: "u", password: "p" }, "p");
  }

  refresh(token) {
    return post(this, { grant_type: "refresh_token", refresh_token: token }, token);
  }

  revoke(token) {
    return post(this, { token }, token);
  }

  report() {}

  /** Nothing here waits for longer than a request may take. */
  wake(after) {
    this.alarm = after > 1e9 ? undefined : after;
  }

  async lock() {
    this.locks += 1;
    return true;
  }

  unlock() {
    this.locks -= 1;
  }

  changed(view) {
    this.view = view;
  }

  /** The access token or the error's code that a caller is settled with. */
  async outcome(caller) {
    return (await this.#settled(caller)).value;
  }

  /** The kind of answer that a caller is settled with. */
  async answer(caller) {
    return (await this.#settled(caller)).answer;
  }

  #settled(caller) {
    if (this.outcomes.has(caller)) return Promise.resolve(this.outcomes.get(caller)[0]);
    // As the alarm of a port whose callers wait, this keeps the process alive.
    const alive = setInterval(() => {}, 1_000);
    return new Promise((resolve) => this.waiting.set(caller, resolve)).finally(() => clearInterval(alive));
  }

  settlements(caller) {
    return this.outcomes.get(caller)?.length ?? 0;
  }
}

export function memory(text) {
  return {
    value: text ?? null,
    read() {
      return this.value;
    },
    compareAndSet(_key, expected, next) {
      if (this.value !== expected) return false;
      this.value = next;
      return true;
    },
  };
}

/** A fetch that answers with one body, or does whatever the name says. */
export function answering(status, type, body) {
  return async () => new Response(body, { status, headers: { "content-type": type } });
}

export function misbehaving(how) {
  const stream = (chunks) => new ReadableStream({ pull: (controller) => chunks(controller) });
  const endless = () => stream((controller) => controller.enqueue(new Uint8Array(10_000)));
  const json = (body) => new Response(body, { headers: { "content-type": "application/json" } });
  return {
    throws: () => {
      throw new Error("broken fetch");
    },
    rejects: () => Promise.reject(new TypeError("offline")),
    nothing: () => undefined,
    object: async () => ({}),
    hangs: () => new Promise(() => {}),
    "body hangs": async () => json(stream(() => new Promise(() => {}))),
    "body breaks": async () => json(stream((controller) => controller.error(new Error("reset")))),
    endless: async () => json(endless()),
    "not UTF-8": async () => json(new Uint8Array([0x7b, 0xff, 0x7d])),
  }[how];
}

export function brokenStore(how) {
  const broken = {
    throws: () => {
      throw new Error("broken store");
    },
    rejects: () => Promise.reject(new Error("broken store")),
    hangs: () => new Promise(() => {}),
  }[how];
  return { read: broken, compareAndSet: broken };
}

/** A store that calls back into the machine from each of its methods. */
export function reentrantStore(call) {
  const store = memory();
  return {
    read: (key) => {
      call();
      return store.read(key);
    },
    compareAndSet: (key, expected, next) => {
      call();
      return store.compareAndSet(key, expected, next);
    },
  };
}
