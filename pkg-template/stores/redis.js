import { MeshyError } from "../core/index.js";

/** Seconds for which the entry of an ended session is kept. */
const KEPT = 30 * 24 * 60 * 60;

/** Compares, sets and publishes in one step of the server. A text is passed as "=" and itself, null as "". */
const COMPARE_AND_SET = `
local held = redis.call("GET", KEYS[1])
if (held and "=" .. held or "") ~= ARGV[1] then return 0 end
if ARGV[2] == "" then redis.call("DEL", KEYS[1])
elseif ARGV[3] == "" then redis.call("SET", KEYS[1], string.sub(ARGV[2], 2))
else redis.call("SET", KEYS[1], string.sub(ARGV[2], 2), "EX", ARGV[3]) end
if ARGV[1] ~= ARGV[2] then redis.call("PUBLISH", KEYS[1], "") end
return 1`;

/** Milliseconds after which a command that was not sent is withdrawn: its caller has given up. */
const PATIENCE = 1_000;

const METHODS = ["sendCommand", "duplicate", "unref"];

function check(isValid, argument, rule) {
  if (!isValid)
    throw new MeshyError({ code: "invalid_argument", retryable: false, argument }, `${argument} must be ${rule}`);
}

function unavailable(text) {
  return new MeshyError({ code: "unavailable", retryable: true }, text);
}

/** Keeps only the server's code of an error: the rest may quote the arguments, and thus tokens. */
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
    const args = [this.#prefix + key, encoded(expected), encoded(next), lifetime];
    return (await this.#send(["EVAL", COMPARE_AND_SET, "1", ...args])) === 1;
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

  /** Sends a command soon or not at all (a client may queue it until it is connected), without the client's type mapping. */
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
   * Opens the connection of the watchers if there is none. It keeps no process alive: its socket does not count, it has no timer
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

  /** Calls `heard` once subscribed, since a message may have been missed before. The next "ready" tries again after a failure. */
  #subscribe(channel, heard) {
    this.#connection.subscribe(channel, this.#tell).then(heard, () => {});
  }

  /** A connection that is still connecting ends once it has connected or failed: until then redis 5 would leak its socket. */
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
