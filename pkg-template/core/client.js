import { Connection } from "./connection.js";
import { Listeners } from "./listeners.js";
import { Answer, Command, Engine } from "./load.js";
import { aborted, check, checkText, DISPOSE, signalOf } from "./options.js";
import { MeshyError, pause } from "./platform.js";
import { Port } from "./port.js";
import { tokenMembers } from "./post.js";

/** Stops the watcher of a client that was garbage-collected. Created at first use: importing the package must not fail. */
let watchers;

/** Watches the network, and a store if there is one. The function returned never throws, whatever the store does. */
function watchWorld(store, key, tell) {
  const online = () => tell(Command.Online);
  let stop;
  try {
    stop = store?.watch(key, () => tell(Command.Hint));
    Promise.resolve(stop).catch(() => {});
  } catch {}
  globalThis.addEventListener?.("online", online);
  return () => {
    globalThis.removeEventListener?.("online", online);
    try {
      stop();
    } catch {}
  };
}

export class Client {
  #settings;
  #key;
  #api;
  #store;
  #ports = new Set();
  #sweepAt = 8;
  /** How often a session was opened. */
  #opens = 0;
  #current;
  #connection;
  #listeners = new Listeners();
  #tracers = new Listeners();
  #snapshot;
  #ready;
  #error = null;
  #failed = false;
  /** In memory: what the last login that was given up may still bring. */
  #abandoned = [];
  #stopWatching;
  #disposed = false;

  constructor({ api, key, settings }, store) {
    this.#settings = settings;
    this.#key = key;
    this.#api = api;
    this.#store = store;
    this.#ready = !store;
  }

  async login(username, password, options) {
    this.#alive();
    const signal = signalOf(options);
    checkText(username, "username");
    checkText(password, "password");
    return this.#open(Command.Login, { username, password }, signal);
  }

  async loginWithPersistance(refreshToken, options) {
    this.#alive();
    const signal = signalOf(options);
    checkText(refreshToken, "refreshToken");
    const args = { refreshToken, isOneOfMany: !this.#store && this.#opens > 1 };
    return this.#joinOrOpen(this.#livePorts(), Command.Resume, args, signal);
  }

  async adopt(tokens) {
    const members = tokenMembers(tokens, "");
    const { 3: refreshToken } = members;
    return this.#joinOrOpen(this.#store ? [] : this.#livePorts(), Command.Adopt, {
      members,
      refreshToken,
      isAdopted: true,
    });
  }

  async restore() {
    try {
      return await this.#open(Command.Restore);
    } catch (error) {
      if (!this.#isLive) {
        this.#failed = true;
        this.#error = error;
        this.#changed();
      }
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

  async [Symbol.asyncDispose]() {
    const end = performance.now() + this.#api.timeout;
    do await pause(9);
    while ([...this.#knownPorts()].some((port) => port.isBusy) && performance.now() < end);
    this[DISPOSE]();
  }

  [DISPOSE]() {
    this.#disposed = true;
    this.#listeners.clear();
    this.#tracers.clear();
    this.#stopWatching?.();
  }

  get #isLive() {
    return this.#current && !this.#current.isOver;
  }

  #changed() {
    this.#snapshot = undefined;
    this.#listeners.notify();
  }

  async #open(command, args, signal) {
    this.#alive();
    const engine = new Engine({ ...this.#settings, name: crypto.getRandomValues(new Uint32Array(4)).join("-") });
    const port = new Port(engine, this.#api, this.#key, this.#store, this.#tracers, () => this.#changed());
    this.#watch();
    this.#ports.add(port.ref);
    if (this.#ports.size > this.#sweepAt) this.#sweepAt = 2 * [...this.#knownPorts()].length;
    let token;
    try {
      token = await port.ask(command, args, signal);
    } catch (error) {
      if (!this.#store) this.#abandoned[0] = port;
      throw error;
    }
    check(token !== Answer.Invalid, "tokens", "the members of a Bearer token response");
    if (token !== Answer.Nothing) this.#opens++;
    return this.#opened(port, token, command);
  }

  /** The session of one of these ports that has the refresh token, or another one. */
  async #joinOrOpen(ports, command, args, signal) {
    for (const port of ports) {
      const token = await port.ask(Command.Refresh, args, signal);
      if (token === Answer.Spent) {
        throw new MeshyError({ code: "invalid_grant" }, "the refresh token has been used");
      }
      if (token !== Answer.Unknown && token !== Answer.Invalid) return this.#opened(port, token, command);
    }
    return this.#open(command, args, signal);
  }

  #opened(port, token, command) {
    const served = this.#serve(port, token);
    const opened = served?.isOver ? undefined : served;
    this.#ready = true;
    this.#failed = !opened && port.isDegraded;
    this.#error = opened ? null : port.snapshot.error;
    this.#current = opened ?? this.#current;
    this.#changed();
    if (served?.isOver && command !== Command.Restore) throw served.snapshot.error;
    return opened ? new Connection(opened) : null;
  }

  /** Leaves each session to one port: to that where it has ended, or to the one with the later generation. The others look again. */
  #serve(port, token) {
    const isOther = (other) => other !== port && other.isOpen;
    const ports = this.#store ? [...this.#knownPorts()].filter(isOther) : [];
    const twin = ports.find((other) => other.sid === port.sid);
    for (const other of ports) {
      if (other !== twin && !other.isOver) other.tell(Command.Hint);
    }
    if (token === Answer.Nothing) return;
    if (twin?.isOver || twin?.snapshot.generation >= port.snapshot.generation) {
      this.#ports.delete(port.ref);
      return twin;
    }
    port.open();
    if (twin) {
      this.#ports.delete(twin.ref);
      twin.giveWayTo(port);
    }
    return port;
  }

  *#livePorts() {
    for (const port of this.#knownPorts()) if (!port.isOver) yield port;
  }

  /** Includes the ports that are added during the iteration. */
  *#knownPorts() {
    for (const ref of this.#ports) {
      const port = ref.deref();
      if (port) yield port;
      else this.#ports.delete(ref);
    }
  }

  #watch() {
    if (this.#stopWatching) return;
    this.#stopWatching = () => {};
    const ref = new WeakRef(this);
    const tell = (command) => ref.deref()?.#tell(command);
    this.#stopWatching = watchWorld(this.#store, this.#key, tell);
    watchers ??= new FinalizationRegistry((stop) => stop());
    watchers.register(this, this.#stopWatching);
  }

  /** Tells every session of something that happened, and looks whether there is another. */
  #tell(command) {
    for (const port of [...this.#livePorts()]) port.tell(command);
    if (command === Command.Hint) this.restore().catch(() => {});
  }

  #alive() {
    if (this.#disposed) throw aborted("it was disposed of");
  }

  #view() {
    const isLive = this.#isLive;
    if (!isLive || this.#connection?.port !== this.#current) {
      this.#connection = isLive ? { port: this.#current, handle: new Connection(this.#current) } : undefined;
    }
    const isDegraded = isLive ? this.#current.isDegraded : this.#failed;
    const storage = this.#store ? (isDegraded ? "degraded" : "ok") : "none";
    return Object.freeze({
      ready: this.#ready,
      connection: this.#connection?.handle ?? null,
      storage,
      error: isLive ? (isDegraded ? this.#current.storeError : null) : this.#error,
    });
  }
}
