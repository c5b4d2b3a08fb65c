import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { root } from "../scripts/steps.mjs";
import { launch } from "../tests/browser/launch.mjs";
import { startAuthorizationServer } from "../www/server/authorization-server.mjs";
import { close, listen } from "../www/server/http.mjs";

const START_LIMIT = 60_000;
const RUN_LIMIT = 180_000;
const PAGE_LIMIT = 30_000;
export const work = join(root, "platforms/work");
export const modules = join(root, "platforms/node_modules");

const children = new Set();
const kill = ({ pid }) => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {}
};
process.on("exit", () => children.forEach(kill));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const launched = new Map();
export async function closeBrowsers() {
  for (const browser of launched.values()) await (await browser).close();
  launched.clear();
}

export function versionOf(name, folder = modules) {
  const { version } = JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"));
  return version;
}

/** What one row needs, and ends with it. */
export class Kit {
  #ends = [];

  after(end) {
    this.#ends.push(end);
  }

  async end() {
    for (const end of this.#ends.reverse()) await end();
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
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", CI: "1", ...env }, detached: true };
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    child.printed = { stdout: "", all: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        child.printed.all += text;
        if (name === "stdout") child.printed.stdout += text;
        child.emit("printed");
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

  /** A program that goes on: to what it says once it is ready. */
  async start(command, args, ready, options = {}) {
    const { child, ended } = this.#spawn(command, args, options);
    return new Promise((resolve, reject) => {
      const fail = (what) => reject(new Error(`${command} ${args.join(" ")} ${what}\n${child.printed.all}`));
      const timer = setTimeout(fail, START_LIMIT, "is not ready");
      child.on("printed", () => {
        const match = child.printed.all.match(ready);
        if (match) resolve(match);
      });
      ended.then((status) => fail(`ended: ${status}`)).finally(() => clearTimeout(timer));
    });
  }

  async browser(name, options) {
    const key = JSON.stringify([name, options]);
    if (!launched.has(key)) launched.set(key, launch(name, options));
    return launched.get(key);
  }

  /** What a page leaves as `result`, in storage of its own; a page that complains of anything else than expected fails. */
  async resultOf(browser, url, isExpected = () => false) {
    const context = await browser.createBrowserContext();
    this.after(() => context.close());
    const page = await context.newPage();
    const problems = [];
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await page.goto(url);
    const wait = page.waitForFunction(() => "result" in globalThis, { polling: 20, timeout: PAGE_LIMIT });
    await wait.catch((error) => assert.fail([error.message, ...problems].join("\n")));
    const result = await page.evaluate(() => globalThis.result);
    assert.deepEqual(
      problems.filter((problem) => !isExpected(problem)),
      [],
    );
    return result;
  }
}

/** "Chromium 145.0.1" */
export async function browserVersion(browser) {
  const [name, version] = (await browser.version()).replace(/^\w*chrome/i, "Chromium").split("/");
  return `${name[0].toUpperCase()}${name.slice(1)} ${version}`;
}
