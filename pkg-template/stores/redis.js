import { MeshyError } from "../core/index.js";
import { lineOf, unavailable } from "./redis-line.js";

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

/** The longest `ttl`, in seconds: 68 years. */
const LONGEST = 2 ** 31 - 1;

const METHODS = ["sendCommand", "duplicate", "unref", "connect", "on"];

function check(isValid, argument, rule) {
  if (!isValid)
    throw new MeshyError({ code: "invalid_argument", retryable: false, argument }, `${argument} must be ${rule}`);
}

/** Keeps only the server's code of an error: the rest may quote the arguments, and thus tokens. */
function failure(error) {
  if (error instanceof MeshyError) return error;
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
  #line;
  #prefix;
  #lifetime;

  constructor(line, prefix, ttl = "") {
    this.#line = line;
    this.#prefix = prefix;
    this.#lifetime = String(ttl);
    if (!line.subscribe) this.watch = undefined;
  }

  read(key) {
    return this.#send(["GET", this.#prefix + key]);
  }

  async compareAndSet(key, expected, next) {
    const lifetime = isOver(next) ? String(KEPT) : this.#lifetime;
    const args = [this.#prefix + key, encoded(expected), encoded(next), lifetime];
    return String(await this.#send(["EVAL", COMPARE_AND_SET, "1", ...args])) === "1";
  }

  watch(key, changed) {
    return this.#line.subscribe(this.#prefix + key, () => changed());
  }

  async #send(args) {
    try {
      return await this.#line.send(args);
    } catch (error) {
      throw failure(error);
    }
  }
}

/** How to send and to watch through what an application has, undefined if it is nothing of that kind. */
function lineThrough(client) {
  if (METHODS.every((name) => typeof client?.[name] === "function")) return lineOf(client);
  const isLine = typeof client?.send === "function" && ["function", "undefined"].includes(typeof client.subscribe);
  return isLine ? client : undefined;
}

/** A session store in Redis, for hosts that share sessions. */
export function redisStore(client, options) {
  const line = lineThrough(client);
  const clients = "a client of the redis package, version 5 or 6, and neither a cluster, a sentinel nor a pool";
  check(line, "client", `${clients}, or an object with send and, if it can, subscribe`);
  check(options === undefined || (options !== null && typeof options === "object"), "options", "an object");
  const { prefix = "", ttl } = options ?? {};
  check(typeof prefix === "string", "prefix", "a string");
  const isLifetime = Number.isInteger(ttl) && ttl >= 1 && ttl <= LONGEST;
  check(ttl === undefined || isLifetime, "ttl", `a whole number of seconds from 1 to ${LONGEST}`);
  return new RedisStore(line, prefix, ttl);
}
