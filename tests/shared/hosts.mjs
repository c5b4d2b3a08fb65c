import { fork } from "node:child_process";
import { once } from "node:events";
import { endWithUs } from "./processes.mjs";

/** A process with clients that share a store with those of other processes. */
export class Host {
  #child;
  #closed;
  #calls = new Map();
  #lastCall = 0;

  constructor(program, config, heard = () => {}) {
    this.#child = fork(program, [JSON.stringify(config)]);
    endWithUs(this.#child);
    this.#closed = once(this.#child, "close");
    this.#child.on("message", (message) => (this.#calls.get(message.id) ?? heard)(message));
  }

  /** Resolves with its first message. */
  async ready() {
    const isThere = await Promise.race([once(this.#child, "message"), this.#closed.then(() => false)]);
    if (!isThere) throw new Error(`a process ended by itself (${this.#child.exitCode ?? this.#child.signalCode})`);
    return this;
  }

  /** What the process says of a call: `value`, or the `error` that it came to. */
  async told(method, ...args) {
    this.#lastCall += 1;
    const id = this.#lastCall;
    const answer = new Promise((resolve) => this.#calls.set(id, resolve));
    this.#child.send({ id, method, args }, () => {});
    const gone = this.#closed.then(() => ({ error: { code: "gone", message: "its process has ended" } }));
    return Promise.race([answer, gone]).finally(() => this.#calls.delete(id));
  }

  /** What a call comes to; rejects as it does. */
  async call(method, ...args) {
    const { value, error } = await this.told(method, ...args);
    if (error) throw new Error(`${method}: ${error.code}: ${error.message}`);
    return value;
  }

  /** Kills it, and says whether that is what it died of. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#closed;
    return this.#child.signalCode === "SIGKILL";
  }
}

/** A process of the program for each configuration; they are killed when `work` with them is over. */
export async function withHosts(program, configs, work) {
  const hosts = configs.map((config) => new Host(program, config));
  try {
    await Promise.all(hosts.map((host) => host.ready()));
    return await work(hosts);
  } finally {
    await Promise.all(hosts.map((host) => host.kill()));
  }
}
