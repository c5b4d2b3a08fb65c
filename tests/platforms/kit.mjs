import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { close, listen } from "../../dev/http.mjs";

const START_LIMIT = 60_000;
const RUN_LIMIT = 180_000;
const END_LIMIT = 10_000;
export const work = join(import.meta.dirname, "work");
export const modules = join(import.meta.dirname, "node_modules");

const children = new Set();
const kill = ({ pid }) => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
};
process.on("exit", () => children.forEach(kill));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

export function versionOf(name, folder = modules) {
  const { version } = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"));
  return version;
}

/** What one row needs: it ends with the row. */
export class Kit {
  #ends = [];
  #isOver = false;

  after(end) {
    this.#ends.push(end);
  }

  /** Ends all of it, whatever one of them does. */
  async end() {
    this.#isOver = true;
    for (const end of this.#ends.reverse()) {
      const limit = new AbortController();
      const late = sleep(END_LIMIT, undefined, { signal: limit.signal });
      await Promise.race([late, end()]).catch(() => {});
      limit.abort();
      late.catch(() => {});
    }
  }

  async server() {
    const server = await startAuthorizationServer();
    this.after(() => server.close());
    return server;
  }

  /** Serves texts at their paths, on 127.0.0.1. */
  async serve(bodies, policy) {
    const server = createServer(({ url }, response) => {
      const path = url.split("?", 1)[0];
      const type = /\.m?js$/.test(path) ? "text/javascript" : "text/html";
      const headers = { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "no-store" };
      if (policy) headers["Content-Security-Policy"] = policy;
      response.writeHead(path in bodies ? 200 : 404, headers).end(bodies[path]);
    });
    const port = await listen(server, 0);
    this.after(() => close(server));
    return `http://127.0.0.1:${port}`;
  }

  /** A process that ends with the row at the latest, and all that it starts. */
  #spawn(command, args, { cwd = work, env = {} }) {
    if (this.#isOver) throw new Error("The row is over.");
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", CI: "1", ...env }, detached: true };
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    child.printed = { stdout: "", all: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        child.printed.all += text;
        if (name === "stdout") child.printed.stdout += text;
      });
    }
    this.after(async () => {
      kill(child);
      await ended;
      children.delete(child);
    });
    return { child, ended };
  }

  /** What a program that succeeds has printed. */
  async run(command, args, { limit = RUN_LIMIT, ...options } = {}) {
    const { child, ended } = this.#spawn(command, args, options);
    const timer = setTimeout(() => kill(child), limit);
    const status = await ended;
    clearTimeout(timer);
    assert.equal(status, 0, `${command} ${args.join(" ")}: ${status}\n${child.printed.all}`);
    return child.printed.stdout;
  }

  /** A program that goes on: to the match of `ready` in what it prints, or to when that function says so. */
  async start(command, args, ready, options = {}) {
    const { child, ended } = this.#spawn(command, args, options);
    let status;
    ended.then((ending) => {
      status = `ended: ${ending}`;
    });
    const deadline = Date.now() + START_LIMIT;
    for (;;) {
      const found = typeof ready === "function" ? await ready() : child.printed.all.match(ready);
      if (found) return found;
      if (Date.now() > deadline) status ??= "is not ready";
      if (status) throw new Error(`${command} ${args.join(" ")} ${status}\n${child.printed.all}`);
      await sleep(20);
    }
  }
}
