import { MeshyError } from "../core/index.js";

/** Seconds that the record of a session which has ended is kept. */
const KEPT = 30 * 24 * 60 * 60;

/** Compares, replaces and tells in one step of the server. A text comes as "=" and itself, nothing as "". */
const SWAP = `
local held = redis.call("GET", KEYS[1])
if (held and "=" .. held or "") ~= ARGV[1] then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1])
elseif ARGV[3] == "" then redis.call("SET", KEYS[1], string.sub(ARGV[2], 2))
else redis.call("SET", KEYS[1], string.sub(ARGV[2], 2), "EX", ARGV[3]) end
if ARGV[1] ~= ARGV[2] then redis.call("PUBLISH", KEYS[1], "") end
return 1`;

/** Milliseconds after which a command that was not sent is withdrawn: nobody waits for it any more. */
const PATIENCE = 1_000;

const METHODS = ["sendCommand", "duplicate", "unref"];

function check(isValid, argument, rule) {
  if (!isValid)
    throw new MeshyError({ code: "invalid_argument", retryable: false, argument }, `${argument} must be ${rule}`);
}

function unavailable(text) {
  return new MeshyError({ code: "unavailable", retryable: true }, text);
}

/** Names no more of an error than the server's code: what follows may quote the arguments, tokens among them. */
function failure(error) {
  const message = String(error?.message);
  if (message.includes("WRONGTYPE")) {
    return new MeshyError({ code: "unsupported", retryable: false }, "Redis holds no string under the key");
  }
  return unavailable(`Redis did not do it (${/^[A-Z]+\b/.exec(message)?.[0] ?? "no answer"})`);
}

function isOver(text) {
  try {
    return Object.hasOwn(JSON.parse(text), "ended");
  } catch {
    return false;
  }
}

function encoded(text) {
  return text === null ? "" : `=${text}`;
}

class RedisStore {
  #client;
  #prefix;
  #connection;
  #watchers = new Map();
  #tell = (_message, channel) => {
    for (const watcher of this.#watchers.get(channel) ?? []) watcher();
  };

  constructor(client, prefix) {
    this.#client = client;
    this.#prefix = prefix;
  }

  read(key) {
    return this.#send(["GET", this.#prefix + key]);
  }

  async compareAndSet(key, expected, next) {
    const lifetime = isOver(next) ? String(KEPT) : "";
    return (
      (await this.#send(["EVAL", SWAP, "1", this.#prefix + key, encoded(expected), encoded(next), lifetime])) === 1
    );
  }

  watch(key, changed) {
    const channel = this.#prefix + key;
    const watcher = () => changed();
    if (!this.#watchers.has(channel)) this.#watchers.set(channel, new Set());
    const watchers = this.#watchers.get(channel).add(watcher);
    if (this.#connection?.isReady) this.#subscribe(channel, watcher);
    else this.#listen();
    return () => {
      if (!watchers.delete(watcher) || watchers.size > 0) return;
      this.#watchers.delete(channel);
      if (this.#watchers.size > 0) this.#connection?.unsubscribe(channel, this.#tell).catch(() => {});
      else this.#hangUp();
    };
  }

  /** Soon or not at all, and the reply as it comes: a client may queue commands until it is connected, and map types. */
  async #send(args) {
    if (!this.#client.isReady) throw unavailable("Redis is not connected");
    this.#listen();
    try {
      return await this.#client.sendCommand(args, { typeMapping: {}, abortSignal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      throw failure(error);
    }
  }

  /**
   * Opens the watchers' connection where there is none. It keeps no process alive: its socket does not count, it has no timer
   * for pings, and it ends at its next failure once the client was closed.
   */
  #listen() {
    if (this.#watchers.size === 0 || this.#connection?.isOpen) return;
    const connection = this.#client.duplicate({ pingInterval: 0 });
    this.#connection = connection;
    connection.on("ready", () => {
      if (this.#connection !== connection) return connection.destroy();
      for (const channel of this.#watchers.keys()) this.#subscribe(channel, () => this.#tell("", channel));
    });
    connection.on("error", () => {
      const isWanted = this.#connection === connection && this.#client.isOpen;
      if (!isWanted && connection.isOpen) connection.destroy();
    });
    connection.unref();
    connection.connect().catch(() => {});
  }

  /** Something may have been missed before, so that counts as heard. What fails is tried again by the next "ready". */
  #subscribe(channel, heard) {
    this.#connection.subscribe(channel, this.#tell).then(heard, () => {});
  }

  /** One that is still connecting ends when it has connected or failed: before, redis 5 would leave its socket open. */
  #hangUp() {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection?.isReady) connection.destroy();
  }
}

/** A session store in Redis, for hosts that share sessions. */
export function redisStore(client, options) {
  const isClient = METHODS.every((name) => typeof client?.[name] === "function");
  check(
    isClient,
    "client",
    "a client of the redis package, version 5 or 6, and neither a cluster, a sentinel nor a pool",
  );
  check(options === undefined || (options !== null && typeof options === "object"), "options", "an object");
  const { prefix = "" } = options ?? {};
  check(typeof prefix === "string", "prefix", "a string");
  return new RedisStore(client, prefix);
}
