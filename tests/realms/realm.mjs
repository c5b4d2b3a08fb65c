import { Assembly, Encoder } from "./package.mjs";

/** A page, a worker or a process: its globals, and what it has under way. */
export class Realm {
  isAlive = true;
  stoppedUntil = 0;
  /** Each time that it stood still. */
  stops = [];
  timersComeFirst = false;
  /** In the back/forward cache. */
  isCached = false;
  pending = new Set();
  flights = new Set();
  isToCollect = false;
  /** Its IndexedDB has answered. */
  hasDatabase = false;
  /** A service worker that had nothing to do, and was stopped. */
  wasIdle = false;
  /** Every connection that was given to the application. */
  handles = [];
  /** Of what generations it asked its service worker for the successor. */
  asked = new Set();
  /** When it did that last. */
  askedAt = Number.NEGATIVE_INFINITY;
  hasFetched = false;
  /** How many calls give a token of the application's. */
  resumes = 0;
  #listeners = new Map();
  #refs = new Set();
  #registries = new Set();

  constructor(world, { name, kind, isInBackground, lacks = [], skew = 0 }) {
    this.world = world;
    this.name = name;
    this.kind = kind;
    this.lacks = lacks;
    this.isInBackground = isInBackground;
    this.bornAt = world.time.now;
    this.skew = skew;
    this.package = world.package(this.#globals());
  }

  get isPage() {
    return this.kind === "page";
  }

  /** Whether it has localStorage, where marks and copies are. */
  get hasCopy() {
    return this.isPage && !this.lacks.includes("localStorage");
  }

  /** Milliseconds since then in which it did not stand still. */
  awakeSince(since) {
    const { now } = this.world.time;
    return now - since - this.stillBetween(since, now);
  }

  /** Milliseconds of these in which it stood still. */
  stillBetween(since, end) {
    const still = this.stops.map(({ from, until }) => Math.max(0, Math.min(until, end) - Math.max(from, since)));
    return still.reduce((sum, ms) => sum + ms, 0);
  }

  hasStoodStill(since) {
    return this.stops.some(({ until }) => until > since);
  }

  /** Nobody has anything of the package in hand any more. */
  letGo() {
    this.client = undefined;
    this.connection = undefined;
    this.handles = [];
    this.isToCollect = true;
  }

  /** Its program has come to its end. */
  finish() {
    this.isDone = true;
    if (this.isAlive) this.world.time.later(0, () => {}, this);
  }

  dispatch(type, event) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener(event);
  }

  /** Stands still for so many milliseconds: a busy thread, a process or tab that is frozen. */
  stop(ms) {
    const { time, dice } = this.world;
    this.stoppedUntil = Math.max(this.stoppedUntil, time.now + ms);
    this.timersComeFirst = dice.chance(0.5);
    this.stops.push({ from: time.now, until: this.stoppedUntil });
  }

  /** Whether it was ended in the middle of whatever it did. */
  get wasKilled() {
    return !this.isAlive && !this.wasIdle;
  }

  /** Its requests break first; its scripts run on for a moment. */
  leave() {
    const { time, dice } = this.world;
    this.isLeaving = true;
    for (const flight of [...this.flights]) {
      if (flight.keepalive) continue;
      flight.wasBroken = true;
      flight.break();
    }
    time.later(dice.between(0, 200), () => this.end());
  }

  end() {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.diedAt = this.world.time.now;
    for (const flight of this.flights) flight.isOver = true;
    this.world.database.left(this);
    this.pending.clear();
    this.world.locks.left(this);
    this.world.ended(this);
  }

  /** After each of its tasks: what nobody needs any more is collected, and a process that has nothing to do ends. */
  afterTask() {
    if (this.isToCollect && !this.client && this.#isIdle) this.#collect();
    if (!this.isDone || this.kind !== "process" || this.#isBusy) return;
    this.hasWaited = true;
    this.world.checks.endsByItself(this);
    this.end();
  }

  get #isIdle() {
    const isMine = ({ realm }) => realm === this;
    return !this.pending.size && !this.flights.size && !this.world.locks.held.some(isMine);
  }

  get #isBusy() {
    return this.flights.size || [...this.pending].some(({ isNeeded }) => isNeeded);
  }

  #collect() {
    this.isToCollect = false;
    this.collections = (this.collections ?? 0) + 1;
    for (const ref of this.#refs) ref.target = undefined;
    this.#refs.clear();
    for (const registry of this.#registries) registry.collect();
  }

  #globals() {
    const { world } = this;
    const { time, dice } = world;
    const realm = this;
    const now = () => 1_800_000_000_000 + Math.floor(time.now) + this.skew;
    class RealmDate extends Date {
      static now = now;
    }
    class RealmRef {
      constructor(target) {
        this.target = target;
        realm.#refs.add(this);
      }

      deref() {
        return this.target;
      }
    }
    class Registry {
      #held = [];

      constructor(clean) {
        this.clean = clean;
        realm.#registries.add(this);
      }

      register(_target, held) {
        this.#held.push(held);
      }

      collect() {
        for (const held of this.#held.splice(0)) this.clean(held);
      }
    }
    class Channel {
      constructor() {
        this.port1 = { close() {} };
        const deliver = () => this.port1.onmessage?.();
        this.port2 = { deliver, postMessage: () => time.later(dice.between(0.1, 3), deliver, realm) };
      }
    }
    class Scope {}
    const globals = Object.assign(new Scope(), {
      setTimeout: (callback, ms = 0) => this.#timer(callback, ms),
      clearTimeout: (timer) => timer && time.cancel(timer.event),
      performance: { now: () => time.now - this.bornAt },
      Date: RealmDate,
      Math,
      crypto: {
        getRandomValues: (array) => array.map(() => dice.below(2 ** 32)),
      },
      WeakRef: RealmRef,
      FinalizationRegistry: Registry,
      MessageChannel: Channel,
      TextEncoder: Encoder,
      WebAssembly: Assembly,
      fetch: (target, init) => world.network.fetch(this, target, init),
      navigator: {},
    });
    globals.globalThis = globals;
    if (this.kind !== "process") this.#addWeb(globals, Scope);
    return globals;
  }

  #addWeb(globals, Scope) {
    const { world } = this;
    globals.addEventListener = (type, listener) => {
      if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
      this.#listeners.get(type).add(listener);
    };
    globals.removeEventListener = (type, listener) => this.#listeners.get(type)?.delete(listener);
    if (this.isPage) Object.assign(globals, { Window: Scope, document: {} });
    else globals.WorkerGlobalScope = Scope;
    if (this.kind === "service worker") globals.ServiceWorkerGlobalScope = Scope;
    if (this.isPage) globals.navigator.serviceWorker = world.serviceWorker?.of(this);
    if (!this.lacks.includes("BroadcastChannel")) globals.BroadcastChannel = world.channels.of(this);
    if (!this.lacks.includes("indexedDB")) globals.indexedDB = world.database.of(this);
    if (this.hasCopy) globals.localStorage = world.localStorages.of(this);
    const request = (name, options, use) => world.locks.request(this, name, options, use);
    if (!this.lacks.includes("locks")) globals.navigator.locks = { request };
  }

  #timer(callback, ms) {
    const { time } = this.world;
    const due = time.now + Math.max(ms, 1);
    const at = this.isInBackground ? Math.ceil(due / 1000) * 1000 : due;
    const event = time.later(at - time.now, callback, this, { isTimer: true });
    const unref = () => {
      event.isNeeded = false;
    };
    return this.kind === "process" ? { event, unref } : { event };
  }
}
