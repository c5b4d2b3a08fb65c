import { Connection } from "./connection.js";
import { Listeners } from "./listeners.js";
import { Engine, Wish } from "./load.js";
import { Local } from "./local.js";
import { aborted, check, checkCredential, checkText, clientOptions, signalOf } from "./options.js";
import { tokenMembers } from "./platform.js";
import { Port } from "./port.js";

/** Stops the watcher of a client that was collected. Made when first needed: importing must not fail anywhere. */
let watchers;

/** Watches a store that can be watched; whatever it does, the function returned is safe to call. */
function watchStore(store, key, changed) {
  let stop;
  try {
    stop = store.watch(key, changed);
    Promise.resolve(stop).catch(() => {});
  } catch {}
  return () => {
    try {
      stop();
    } catch {}
  };
}

export class Client {
  #values;
  #key;
  #api;
  #store;
  #ports = new Set();
  #sweepAt = 8;
  #current;
  #connection;
  #listeners = new Listeners();
  #tracers = new Listeners();
  #snapshot;
  #ready;
  #error = null;
  #failed = false;
  #stopWatching;
  #disposed = false;

  constructor(accountName, tenant, publicKey, options) {
    const { api, key, values, store } = clientOptions(accountName, tenant ?? "", publicKey, options);
    this.#values = values;
    this.#key = key;
    this.#api = api;
    this.#store = store === "local" ? new Local() : store;
    this.#ready = !store;
  }

  async login(username, password, options) {
    this.#alive();
    const signal = signalOf(options);
    checkCredential(username, "username");
    checkCredential(password, "password");
    return this.#open(signal, Wish.Login, username, password);
  }

  async loginWithPersistance(refreshToken, options) {
    this.#alive();
    const signal = signalOf(options);
    checkText(refreshToken, "refreshToken");
    for (const port of this.#livePorts()) {
      const token = await port.ask(signal, Wish.Join, refreshToken);
      if (token !== undefined) return this.#opened(port, token);
    }
    return this.#open(signal, Wish.Resume, refreshToken);
  }

  async adopt(tokens) {
    return this.#open(undefined, Wish.Adopt, tokenMembers(tokens));
  }

  async restore() {
    try {
      return await this.#open(undefined, Wish.Restore);
    } catch (error) {
      this.#failed = true;
      this.#error = error;
      this.#changed();
      throw error;
    }
  }

  subscribe(listener) {
    this.#alive();
    if (!this.#ready) this.restore().catch(() => {});
    return this.#listeners.add(listener);
  }

  trace(listener) {
    this.#alive();
    return this.#tracers.add(listener);
  }

  getSnapshot() {
    this.#alive();
    this.#snapshot ??= this.#view();
    return this.#snapshot;
  }

  [Symbol.dispose]() {
    this.#disposed = true;
    this.#listeners.clear();
    this.#tracers.clear();
    this.#stopWatching?.();
  }

  /** What a compiled `using` calls where the platform has no Symbol.dispose. */
  [Symbol.for("Symbol.dispose")]() {
    this[Symbol.dispose]();
  }

  #changed() {
    this.#snapshot = undefined;
    this.#listeners.notify();
  }

  async #open(signal, wish, first, second) {
    this.#alive();
    const engine = new Engine(this.#values, crypto.getRandomValues(new Uint32Array(4)).join("-"));
    const port = new Port(engine, this.#api, this.#key, this.#store, this.#tracers, () => this.#changed());
    this.#watch();
    this.#ports.add(port.ref);
    if (this.#ports.size > this.#sweepAt) this.#sweepAt = 2 * [...this.#knownPorts()].length;
    const token = await port.ask(signal, wish, first, second);
    check(token !== undefined || wish !== Wish.Adopt, "tokens", "the members of a Bearer token response");
    return this.#opened(port, token);
  }

  #opened(port, token) {
    const opened = token === undefined ? undefined : this.#join(port);
    this.#ready = true;
    this.#failed = !opened && port.isDegraded;
    this.#error = opened ? null : port.snapshot.error;
    this.#current = opened ?? this.#current;
    this.#changed();
    return opened ? new Connection(opened) : null;
  }

  /** The port that serves the session from now on, one for each session of this client; none if it has ended meanwhile. */
  #join(port) {
    const isOther = (other) => other !== port && other.isOpen;
    const ports = this.#store ? [...this.#knownPorts()].filter(isOther) : [];
    const twin = ports.find((other) => other.sid === port.sid);
    for (const other of ports) {
      if (other !== twin && !other.isOver) other.hint();
    }
    if (twin?.isOver || twin?.snapshot.generation >= port.snapshot.generation) {
      this.#ports.delete(port.ref);
      return twin.isOver ? undefined : twin;
    }
    port.isOpen = true;
    port.report("opened", { generation: port.snapshot.generation });
    if (twin) {
      this.#ports.delete(twin.ref);
      twin.giveWayTo(port);
    }
    return port;
  }

  *#livePorts() {
    for (const port of this.#knownPorts()) if (!port.isOver) yield port;
  }

  /** Also those that are added before the last was taken. */
  *#knownPorts() {
    for (const ref of this.#ports) {
      const port = ref.deref();
      if (port) yield port;
      else this.#ports.delete(ref);
    }
  }

  #watch() {
    if (this.#stopWatching || !this.#store) return;
    this.#stopWatching = () => {};
    const ref = new WeakRef(this);
    const changed = () => ref.deref()?.#hinted();
    this.#stopWatching = watchStore(this.#store, this.#key, changed);
    watchers ??= new FinalizationRegistry((stop) => stop());
    watchers.register(this, this.#stopWatching);
  }

  #hinted() {
    if (this.#disposed) return;
    for (const port of [...this.#livePorts()]) port.hint();
    this.restore().catch(() => {});
  }

  #alive() {
    if (this.#disposed) throw aborted("it was disposed of");
  }

  #view() {
    const isLive = this.#current && !this.#current.isOver;
    if (!isLive || this.#connection?.port !== this.#current) {
      this.#connection = isLive ? { port: this.#current, handle: new Connection(this.#current) } : undefined;
    }
    const isDegraded = isLive && this.#current.isDegraded;
    const storage = this.#failed || isDegraded ? "degraded" : "ok";
    return Object.freeze({
      ready: this.#ready,
      connection: this.#connection?.handle ?? null,
      storage: this.#store ? storage : "none",
      error: this.#error ?? (isDegraded ? this.#current.storeError : null),
    });
  }
}
