import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as redis6 from "redis";
import * as redis5 from "redis-5";
import { endWithUs, isRunning } from "./processes.mjs";

/** The versions of the redis package that the store works with. */
export const packages = { "redis 5": redis5, "redis 6": redis6 };

/** A server of one's own at a Unix socket in a folder of its own, which keeps its data when it is restarted. */
export class RedisServer {
  #command;
  #folder;
  #child;
  #clients = [];

  static async start(command = "redis-server") {
    const server = new RedisServer();
    server.#command = command;
    server.#folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
    await server.restart();
    return server;
  }

  get path() {
    return join(this.#folder, "socket");
  }

  async restart() {
    const settings = ["--port", "0", "--unixsocket", this.path, "--dir", this.#folder, "--save", ""];
    const durable = ["--appendonly", "yes", "--appendfsync", "always"];
    const child = spawn(this.#command, [...settings, ...durable], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    endWithUs(child);
    await new Promise((resolve, reject) => {
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (/ready to accept connections/i.test(output)) resolve();
      });
      child.on("error", reject);
      child.on("close", () => reject(new Error(`${this.#command} ended: ${output}`)));
    });
  }

  async stop(signal = "SIGKILL") {
    const child = this.#child;
    this.#child = undefined;
    if (!isRunning(child)) return;
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
  }

  /** Answers nothing, but stays connected, until `resume`. */
  pause() {
    this.#child.kill("SIGSTOP");
  }

  resume() {
    this.#child.kill("SIGCONT");
  }

  /** A client that is not connected. */
  newClient({ createClient } = redis6, options) {
    const client = createClient({ socket: { path: this.path }, ...options }).on("error", () => {});
    this.#clients.push(client);
    return client;
  }

  /** A client as an application would have it, connected unless the server is down. */
  async client(redis, options) {
    const client = this.newClient(redis, options);
    const connecting = client.connect();
    connecting.catch(() => {});
    if (this.#child) await connecting;
    return client;
  }

  /** Closes the clients that are open. */
  closeClients() {
    for (const client of this.#clients.splice(0)) if (client.isOpen) client.destroy();
  }

  async remove() {
    this.closeClients();
    await this.stop();
    await rm(this.#folder, { recursive: true });
  }
}

/** A TCP port that leads to a Unix socket, and can be a bad line. */
export async function startProxy(path) {
  const pairs = new Set();
  let isCut = false;
  const listener = createServer((near) => {
    const pair = [near, dial(path)];
    pairs.add(pair);
    const hangUp = () => {
      for (const socket of pair) socket.destroy();
      pairs.delete(pair);
    };
    for (const [from, to] of [pair, pair.toReversed()]) {
      from.on("data", (chunk) => isCut || to.write(chunk));
      from.on("error", () => {});
      from.on("close", hangUp);
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const drop = () => {
    for (const [near] of pairs) near.destroy();
  };
  return {
    socket: { host: "127.0.0.1", port: listener.address().port },
    /** What is sent from now on is lost, and nobody is told. */
    cut() {
      isCut = true;
    },
    /** What was open is closed, and whoever comes back gets through. */
    heal() {
      isCut = false;
      drop();
    },
    /** What is sent from now on arrives when the function returned is called. */
    delay() {
      for (const [near] of pairs) near.pause();
      return () => {
        for (const [near] of pairs) near.resume();
      };
    },
    async close() {
      drop();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Looks again until that holds; how long that takes does not matter, but that it ends. */
export async function becomes(holds) {
  for (let look = 0; look < 2_000; look += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never: ${holds}`);
}
