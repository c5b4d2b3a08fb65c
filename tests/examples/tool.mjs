import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setUpExample } from "./examples.mjs";

export const password = "wonderland";
export const says = (line) => ({ code: 0, stdout: `${line}\n`, stderr: "" });
export const fails = (code, line) => ({ code, stdout: "", stderr: `meshy: ${line}\n` });
export const notLoggedIn = fails(3, "not logged in: run `meshy login`");

/** The command-line tool beside the installed package and a server; `begin` gives it folders that nobody has used. */
export async function setUpTool(options) {
  const example = await setUpExample("cli", options);
  return new Tool(example);
}

class Tool {
  #running = new Set();

  constructor(example) {
    this.example = example;
    this.path = example.path("meshy.mjs");
  }

  /** What the profile "default" is: at a line to the server. More profiles, or other members of this one, are given. */
  begin({ members, ...profiles } = {}) {
    const { folder, line } = this.example;
    this.home = mkdtempSync(join(folder, "home-"));
    this.sessions = join(this.home, "state/meshy/sessions");
    this.env = {
      ...process.env,
      ...this.example.env,
      HOME: this.home,
      XDG_CONFIG_HOME: join(this.home, "config"),
      XDG_STATE_HOME: join(this.home, "state"),
      MESHY_PROFILE: undefined,
    };
    this.own = {
      clientId: "demo-public-key",
      scope: "meshy.api offline_access",
      tokenEndpoint: `${line.url}/demo/connect/token`,
      revocationEndpoint: `${line.url}/demo/connect/revocation`,
      apiUrl: `${line.url}/api/demo`,
      ...members,
    };
    this.settle({ default: this.own, other: this.own, ...profiles });
    this.example.forget();
    line.lead();
  }

  settle(profiles) {
    const folder = join(this.home, "config/meshy");
    mkdirSync(folder, { recursive: true });
    const text = typeof profiles === "string" ? profiles : JSON.stringify(profiles);
    writeFileSync(join(folder, "profiles.json"), text);
  }

  /**
   * An invocation: the process, what it says on standard error when that has come, and what it printed and how it ended,
   * without a stack or a secret.
   */
  invoke(args, { input = "", env = {}, command = process.execPath, program = [this.path] } = {}) {
    const given = command === process.execPath ? [...program, ...args] : args;
    const child = spawn(command, given, { env: { ...this.env, ...env } });
    this.#running.add(child);
    child.stdin.on("error", () => {});
    if (input !== null) child.stdin.end(input);
    const output = { stdout: "", stderr: "" };
    for (const name of Object.keys(output)) {
      child[name].setEncoding("utf8").on("data", (chunk) => {
        output[name] += chunk;
      });
    }
    const closed = new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code)));
    const ended = closed.then((code) => {
      const { stdout, stderr } = output;
      this.#running.delete(child);
      assert.doesNotMatch(stdout + stderr, /^\s+at |refresh_token|Warning/m);
      assert.ok(!(stdout + stderr).includes(password));
      return { code, stdout, stderr };
    });
    const said = new Promise((resolve) => child.stderr.on("data", () => resolve(output.stderr)));
    return { child, ended, said };
  }

  meshy = (...args) => this.invoke(args).ended;

  async login(...options) {
    const { ended } = this.invoke(["login", "alice", ...options], { input: `${password}\n` });
    assert.deepEqual(await ended, says("Logged in."));
  }

  /** What the API answers to a token. */
  async ask(token) {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${this.own.apiUrl}/me`, { headers })).status;
  }

  /** Ends what a test has left. */
  stop() {
    for (const child of this.#running) child.kill("SIGKILL");
  }
}
