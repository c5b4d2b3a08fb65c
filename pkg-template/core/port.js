import { Listeners } from "./listeners.js";
import { Answer, Command } from "./load.js";
import { MARK_ENDED } from "./local.js";
import { failure } from "./options.js";
import { meshyError, StoredEntry } from "./platform.js";
import { post } from "./post.js";

/** Milliseconds. A longer wait means that there is nothing to wait for. */
const A_YEAR = 3e10;
/** Milliseconds. A timer cannot wait for longer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Connects an engine to its application: store, fetch, snapshot, waiting callers. Nothing else writes its fields. */
export class Port {
  listeners = new Listeners();
  snapshot;
  isDegraded;
  sid;
  refreshToken = null;
  ref = new WeakRef(this);
  /** The connection that the client's snapshot has. */
  handle;
  /** Whether a client has given it to the application. */
  isOpen = false;
  #engine;
  #key;
  #store;
  #entry;
  /** Of the last answer to a token request: the server's `error` and `error_description`. */
  #said = {};
  /** The access token that the server gave last, its ID token (without a store the last one), and whether it is in use. */
  #received;
  #idToken;
  #isReceived;
  #token;
  #validity = [];
  /** What the session is begun with, until it has begun; as long as it lasts, where that repeats. */
  #login;
  #callers = new Map();
  #lastCaller = 0;
  #alarm;
  #isNeeded;
  #isBusy = false;
  #release;
  #tracers;
  #onChange;
  /** Shared with the ports that it has given way to, and with those that have given way to it. */
  #seat = { port: this };

  constructor(engine, api, key, store, tracers, onChange) {
    this.#engine = engine;
    this.#key = key;
    this.#store = store;
    this.api = api;
    this.#entry = new StoredEntry(store, key, (failed) => this.report("storage", { failed }));
    this.#tracers = tracers;
    this.#onChange = onChange;
  }

  get fetch() {
    return this.api.fetch ?? globalThis.fetch;
  }

  /** The port that serves the handles of this one: itself, or its last successor. */
  get live() {
    return this.#seat.port;
  }

  get isOver() {
    return this.snapshot?.state === "ended";
  }

  /** Whether anything is under way that would be lost with its process. */
  get isBusy() {
    return this.#callers.size || this.#isBusy;
  }

  /** The last one of the session. */
  get idToken() {
    return (this.#isReceived && this.#idToken) || this.#entry.idTokenOf(this.sid) || null;
  }

  get storeError() {
    return this.#entry.error;
  }

  /** The promise that all callers share while the token is valid by both clocks: a test may stop one of them. */
  get token() {
    const now = Date.now();
    const { 0: receivedAt, 1: expiresAt, 2: expiresMonotonic } = this.#validity;
    const isValid = now >= receivedAt && now < expiresAt && performance.now() < expiresMonotonic;
    return isValid ? this.#token : undefined;
  }

  /** Tells the tracers. `details` are numbers and words of this package alone: no secret. */
  report(type, details) {
    this.#tracers.tell(Object.freeze({ type, at: Date.now(), ...details }));
  }

  /** Resolves to an access token, or to the `Answer` that there is instead; rejects with an error, or when `signal` aborts. */
  ask(command, args, signal) {
    return new Promise((resolve, reject) => {
      const caller = ++this.#lastCaller;
      const abort = () => {
        this.#engine.handle(Command.Abort, this, caller);
        this.#forget(caller)?.reject(failure("aborted", "the caller's signal"));
      };
      this.#callers.set(caller, { signal, abort, resolve, reject });
      try {
        if (signal?.aborted) return abort();
        signal?.addEventListener("abort", abort);
      } catch (error) {
        return this.#forget(caller)?.reject(error);
      }
      if (command === Command.SignOut && !this.isOver) this.#store?.[MARK_ENDED]?.(this.#key, this.sid);
      if (args?.grant) this.#login = args;
      if (command === Command.Adopt) this.#receive(args.members[0], args.idToken);
      this.#engine.handle(command, this, caller, args);
    });
  }

  /** Hands a command without a caller to the session. */
  tell(command) {
    this.#engine.handle(command, this, 0);
  }

  /** Notes that the client gives it to the application. Changes are traced from now on. */
  open() {
    this.isOpen = true;
    this.report("opened", { generation: this.snapshot.generation });
  }

  /** Leaves its handles and listeners to `other`. Callers that wait here go on waiting. */
  giveWayTo(other) {
    this.#seat.port = other;
    other.#seat = this.#seat;
    other.listeners = this.listeners;
    other.handle = this.handle;
    this.listeners.notify();
  }

  // What follows is called by the core, as src/web/platform.rs declares it.

  settle(caller, answer, value) {
    const waiting = this.#forget(caller);
    if (answer === Answer.Failed) waiting?.reject(this.#errorOf(value));
    else waiting?.resolve(answer === Answer.Token ? value : answer);
  }

  read() {
    return this.#entry.read();
  }

  compareAndSet(members) {
    return this.#entry.compareAndSet(members, members[3] === this.#received && this.#idToken);
  }

  /** False where the store has no lock. Whoever else may renew that generation is asked to before. */
  lock(within, renewing) {
    const controller = new AbortController();
    return new Promise((resolve) => {
      let isAnswered = false;
      const answer = (isHeld) => {
        isAnswered = true;
        clearTimeout(timer);
        resolve(isHeld);
      };
      const refuse = () => answer(false);
      const hold = () => {
        if (isAnswered) return;
        answer(true);
        return new Promise((resolve) => {
          this.#release = resolve;
        });
      };
      const timer = setTimeout(() => {
        refuse();
        controller.abort();
      }, within);
      timer.unref?.();
      Promise.resolve()
        .then(() => renewing && this.api.refreshIn?.(this.sid, renewing))
        .catch(() => {})
        .then(() => this.#store?.lock?.(this.#key, controller.signal, hold))
        .then(refuse, refuse);
    });
  }

  unlock() {
    this.#release?.();
  }

  grant() {
    const { publicKey: client_id, scope } = this.api;
    const { grant } = this.#login;
    const { grant_type, username, redirect_uri, ...secrets } = grant;
    return this.#request({ client_id, scope, ...grant }, Object.values(secrets).join("\n"));
  }

  refresh(token) {
    const client_id = this.api.publicKey;
    return this.#request({ grant_type: "refresh_token", client_id, refresh_token: token }, token);
  }

  revoke(token) {
    const client_id = this.api.publicKey;
    return post(this, { token, token_type_hint: "refresh_token", client_id }, token);
  }

  wake(after, isNeeded, isBusy) {
    clearTimeout(this.#alarm);
    this.#alarm = after < A_YEAR && setTimeout(() => this.tell(Command.Wake), Math.min(after, LONGEST_TIMER));
    this.#isBusy = isBusy;
    this.#isNeeded = isNeeded;
    this.#letGo();
  }

  changed([state, expiresAt = null, scope, generation, isDegraded, sid, token, refreshToken = null, ...others]) {
    const members = others.splice(3);
    const error = members.length ? this.#errorOf(members) : null;
    const before = this.snapshot;
    const snapshot = { sessionId: sid, state, expiresAt, scope, generation, error };
    const isNew = JSON.stringify(snapshot) !== JSON.stringify(before);
    if (isNew) this.snapshot = Object.freeze(snapshot);
    this.#isReceived = token === this.#received;
    if (this.isOpen) this.#reportChange(before);
    this.isDegraded = isDegraded;
    this.sid = sid;
    this.refreshToken = refreshToken;
    this.#token = token && Promise.resolve(token);
    this.#validity = others;
    if (state === "ended" || (state === "active" && !this.#login?.repeats)) this.#login = undefined;
    if (isNew) this.listeners.notify();
    this.#onChange();
  }

  async #request(parameters, secret) {
    const answer = await post(this, parameters, secret);
    const [, , token, , , , , error, error_description, idToken] = answer;
    this.#said = error ? { error, error_description } : {};
    if (token) this.#receive(token, idToken);
    return answer;
  }

  #receive(token, idToken) {
    this.#received = token;
    this.#idToken = idToken || (this.#store ? undefined : this.#idToken);
  }

  #reportChange(before) {
    const { state, generation, error } = this.snapshot;
    if (generation > before.generation) this.report(this.#isReceived ? "rotated" : "adopted", { generation });
    if (state === before.state) return;
    if (state === "ended") this.report("ended", { reason: error.reason });
    if (state === "waiting" && error) this.report("waiting", { code: error.code, retryAfter: error.retryAfter });
  }

  /** The error of the core, or the one of the store where that is why. */
  #errorOf(members) {
    const error = meshyError(members, this.#said);
    return (error.code === "unavailable" && !error.status && this.storeError) || error;
  }

  /** Lets the process end before the alarm, unless somebody waits for it. */
  #letGo() {
    if (!this.#callers.size && !this.#isNeeded) this.#alarm?.unref?.();
  }

  #forget(caller) {
    const waiting = this.#callers.get(caller);
    this.#callers.delete(caller);
    this.#letGo();
    try {
      waiting?.signal?.removeEventListener("abort", waiting.abort);
    } catch {}
    return waiting;
  }
}
