import { MeshyError } from "../core/index.js";

/** Milliseconds after which a command that was not sent is withdrawn: its caller has given up. */
const PATIENCE = 1_000;

const lines = new WeakMap();

/** How the stores of one client of the redis package send, and share one more connection on which they watch. */
export function lineOf(client) {
  if (!lines.has(client)) lines.set(client, new Line(client));
  return lines.get(client);
}

export function unavailable(text) {
  return new MeshyError({ code: "unavailable", retryable: true }, text);
}

/** What a promise comes to, if that is before the signal. */
function before(signal, promise) {
  const late = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  return Promise.race([promise, late]);
}

class Line {
  #client;
  #opening;
  #listener;
  #watchers = new Set();

  constructor(client) {
    this.#client = client;
    client.on("end", () => this.#hangUp());
  }

  /** Sends soon or not at all (a client may queue it until it is connected), without the client's type mapping. */
  async send(args) {
    const client = this.#client;
    const abortSignal = AbortSignal.timeout(PATIENCE);
    const opening = this.#open();
    if (!client.isReady) await before(abortSignal, opening).catch(() => {});
    if (!client.isReady) throw unavailable("Redis is not connected");
    this.#listen();
    return client.sendCommand(args, { typeMapping: {}, abortSignal });
  }

  /** Calls `heard` at each message, and once it has subscribed, since a message may have been missed before. */
  subscribe(channel, heard) {
    const watcher = { channel, heard: () => this.#watchers.has(watcher) && heard() };
    this.#watchers.add(watcher);
    this.#open().catch(() => {});
    if (this.#listener?.isReady) this.#begin(watcher);
    else this.#listen();
    return () => {
      if (this.#watchers.delete(watcher)) this.#listener?.unsubscribe(channel, watcher.heard).catch(() => {});
    };
  }

  /** Connects a client that nobody has connected, at its first use; one that was closed stays so. */
  #open() {
    if (!this.#opening) {
      this.#opening = this.#client.isOpen ? Promise.resolve() : this.#client.connect();
      this.#opening.catch(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /**
   * Opens the connection of the watchers if there is none. It stays until the client is closed, and keeps no process alive: its
   * socket does not count, it has no timer for pings, and it ends at its next failure once the client was closed.
   */
  #listen() {
    if (!this.#client.isOpen || this.#watchers.size === 0 || this.#listener?.isOpen) return;
    const listener = this.#client.duplicate({ pingInterval: 0 });
    this.#listener = listener;
    listener.on("ready", () => {
      if (this.#listener !== listener) return listener.destroy();
      for (const watcher of this.#watchers) this.#begin(watcher);
    });
    listener.on("error", () => {
      const isWanted = this.#listener === listener && this.#client.isOpen;
      if (!isWanted && listener.isOpen) listener.destroy();
    });
    listener.unref();
    listener.connect().catch(() => {});
  }

  /** The next "ready" tries again after a failure. */
  #begin({ channel, heard }) {
    this.#listener.subscribe(channel, heard).then(heard, () => {});
  }

  /** A connection that is still connecting ends once it has connected or failed: until then redis 5 would leak its socket. */
  #hangUp() {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener?.isReady) listener.destroy();
  }
}
