import { Listeners } from "./listeners.js";
import { Wish } from "./load.js";
import { aborted } from "./options.js";
import { meshyError } from "./platform.js";

/** Milliseconds, more than anything is waited for. */
const A_YEAR = 3e10;

/** What one session's machine needs of its application, what it last said of itself, and the promises of its callers. */
export class Port {
  listeners = new Listeners();
  snapshot;
  isDegraded;
  sid;
  refreshToken = null;
  /** The access token that the server gave last. */
  received;
  /** What the store says is wrong with it. */
  storeError = null;
  ref = new WeakRef(this);
  isOpen = false;
  /** For each origin the token that took the place of one which that origin had refused, and until when it may not be refused again. */
  renewals = new Map();
  #token;
  #validity = [];
  /** Wall clock. */
  #lookedAt;
  #callers = new Map();
  #lastCaller = 0;
  #alarm;
  #release;
  #tracers;
  #onChange;
  #successor;

  constructor(engine, api, key, store, tracers, onChange) {
    this.engine = engine;
    engine.seen = null;
    this.key = key;
    this.store = store;
    this.api = api;
    this.#tracers = tracers;
    this.#onChange = onChange;
  }

  get fetch() {
    return this.api.fetch ?? globalThis.fetch;
  }

  /** The port that serves its handles: itself, or the one that has seen more of the session. */
  get live() {
    return this.#successor?.live ?? this;
  }

  get isOver() {
    return this.snapshot?.state === "ended";
  }

  /** The promise that all callers share while the token in hand is valid: looked at once in each millisecond. */
  get token() {
    const now = Date.now();
    if (now !== this.#lookedAt) {
      const { 0: receivedAt, 1: expiresAt, 2: expiresMonotonic } = this.#validity;
      if (!(now >= receivedAt && now < expiresAt && performance.now() < expiresMonotonic)) this.#token = undefined;
      this.#lookedAt = now;
    }
    return this.#token;
  }

  /** Tells those who trace what has happened: numbers, and words of this package alone. */
  report(type, details) {
    this.#tracers.tell(Object.freeze({ type, at: Date.now(), ...details }));
  }

  /** Settles when the machine settles the caller, or when `signal` aborts. */
  ask(signal, wish, first, second) {
    return new Promise((resolve, reject) => {
      const caller = ++this.#lastCaller;
      const abort = () => {
        this.engine.ask(Wish.Abort, this, caller);
        this.#forget(caller)?.reject(aborted("the caller's signal"));
      };
      this.#callers.set(caller, { resolve, reject, signal, abort });
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      this.engine.ask(wish, this, caller, first, second);
    });
  }

  /** Has the store read again. */
  hint() {
    this.engine.ask(Wish.Hint, this, 0);
  }

  wake(after) {
    clearTimeout(this.#alarm);
    if (after > A_YEAR) return;
    this.#alarm = setTimeout(() => this.engine.ask(Wish.Woke, this, 0), after);
    if (!this.#callers.size) this.#alarm.unref?.();
  }

  /** Resolves to whether the lock was granted within so many milliseconds; false where the store has none. */
  lock(within) {
    const { store, key } = this;
    if (!store) return Promise.resolve(false);
    const controller = new AbortController();
    return new Promise((resolve) => {
      let isOpen = true;
      const answer = (isHeld) => {
        clearTimeout(timer);
        resolve(isHeld);
        isOpen = false;
      };
      const refuse = () => answer(false);
      const hold = () => {
        if (!isOpen) return;
        answer(true);
        return new Promise((release) => {
          this.#release = release;
        });
      };
      const timer = setTimeout(() => {
        refuse();
        controller.abort();
      }, within);
      timer.unref?.();
      Promise.resolve()
        .then(() => store.lock?.(key, controller.signal, hold))
        .then(refuse, refuse);
    });
  }

  unlock() {
    this.#release?.();
  }

  settle(caller, token, error) {
    const waiting = this.#forget(caller);
    error ? waiting?.reject(this.#errorOf(error)) : waiting?.resolve(token);
  }

  /** Hands its handles over; whoever waits here already goes on to wait for this machine. */
  giveWayTo(other) {
    const { ref } = this;
    this.#successor = other;
    other.listeners.add(() => ref.deref()?.listeners.notify());
    this.listeners.notify();
  }

  changed(view, error) {
    const [state, expiresAt = null, scope, generation, isDegraded, sid, token, refreshToken = null, ...validity] = view;
    const before = this.snapshot;
    this.snapshot = Object.freeze({ state, expiresAt, scope, generation, error: error ? this.#errorOf(error) : null });
    if (this.isOpen) this.#reportChange(before, token);
    this.isDegraded = isDegraded;
    this.sid = sid;
    this.refreshToken = refreshToken;
    this.#token = token && Promise.resolve(token);
    this.#validity = validity;
    this.#lookedAt = undefined;
    this.listeners.notify();
    this.#onChange();
  }

  /** What the core has to say, unless the store has said it better. */
  #errorOf(members) {
    const error = meshyError(members);
    return (error.code === "unavailable" && !error.status && this.storeError) || error;
  }

  #reportChange(before, token) {
    const { state, generation, error } = this.snapshot;
    if (generation > before.generation) this.report(token === this.received ? "rotated" : "adopted", { generation });
    if (state === before.state) return;
    if (state === "ended") this.report("ended", { reason: error.reason });
    if (state === "waiting" && error) this.report("waiting", { code: error.code, retryAfter: error.retryAfter });
  }

  #forget(caller) {
    const waiting = this.#callers.get(caller);
    this.#callers.delete(caller);
    try {
      waiting?.signal?.removeEventListener("abort", waiting.abort);
    } catch {}
    return waiting;
  }
}
