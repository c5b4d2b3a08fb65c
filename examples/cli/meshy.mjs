#!/usr/bin/env node
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { initialize } from "meshydb-client";
import { fileStore } from "meshydb-client/node";

const { env, stderr, stdin } = process;
const url = env.MESHY_URL ?? "http://127.0.0.1:8081";
const account = env.MESHY_ACCOUNT ?? "demo";
const publicKey = env.MESHY_PUBLIC_KEY ?? "demo-public-key";
const config = isAbsolute(env.XDG_CONFIG_HOME ?? "") ? env.XDG_CONFIG_HOME : join(homedir(), ".config");
const folder = env.MESHY_SESSION ?? join(config, "meshy", "session");
const exit = { failed: 1, usage: 2, notLoggedIn: 3, wrongPassword: 4, unreachable: 5, ended: 6, cancelled: 130 };

class Failure extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const commands = {
  async login(client, user) {
    const username = user ?? (await ask("User name: "));
    const password = stdin.isTTY ? await ask("Password: ", true) : (await text(stdin)).replace(/\r?\n$/, "");
    await client.login(username, password);
    if (client.getSnapshot().storage !== "ok") throw new Failure(`cannot write to ${folder}`, exit.failed);
    console.log(`Logged in as ${username}.`);
  },
  async whoami(client) {
    const response = await (await session(client)).fetch("me");
    if (!response.ok) {
      const code = response.status < 500 ? exit.failed : exit.unreachable;
      throw new Failure(`the server answered with ${response.status}`, code);
    }
    console.log((await response.json()).username);
  },
  /** Asks nobody: what is stored, which the server may have ended. */
  async status(client) {
    const { expiresAt } = (await session(client)).getSnapshot();
    const isOver = expiresAt !== null && expiresAt <= Date.now();
    console.log(`Logged in. The access token ${isOver ? "has expired: the next call renews it" : "is valid"}.`);
  },
  async logout(client) {
    await (await session(client)).signout();
    console.log("Logged out.");
  },
};

async function session(client) {
  const connection = await client.restore();
  if (!connection) throw new Failure("not logged in: run `meshy login`", exit.notLoggedIn);
  return connection;
}

/** A line from the terminal, which does not show it if it is secret. */
async function ask(prompt, isSecret = false) {
  if (!stdin.isTTY) throw new Failure("without a terminal: `meshy login USER`, the password on stdin", exit.usage);
  const lines = createInterface({ input: stdin, output: isSecret ? nowhere() : stderr, prompt, terminal: true });
  if (isSecret) stderr.write(prompt);
  lines.prompt();
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
    if (isSecret) stderr.write("\n");
  }
  throw new Failure("cancelled", exit.cancelled);
}

function nowhere() {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** A message for people, and an exit code. */
function explain({ message, exitCode, code, argument, reason, cause }) {
  if (exitCode) return [message, exitCode];
  if (code === "invalid_grant") return ["wrong user name or password", exit.wrongPassword];
  if (code === "session_ended") return [`the session is over (${reason}): run \`meshy login\``, exit.ended];
  if (code === "network" || code === "timeout" || cause) return [`${url} cannot be reached`, exit.unreachable];
  if (code === "unavailable" || code === "rate_limited") return [`try again later: ${message}`, exit.unreachable];
  return [argument ? `${argument}: ${message}` : message, exit.failed];
}

// No process.exit: a refresh that is under way is stored before the process ends.
try {
  const [name, ...rest] = process.argv.slice(2);
  const isKnown = Object.hasOwn(commands, name ?? "") && rest.length <= Number(name === "login");
  if (!isKnown) throw new Failure("usage: meshy login [USER] | whoami | status | logout", exit.usage);
  const persistence = fileStore(folder);
  await persistence.read(""); // Says what is wrong with the folder, if anything is.
  const client = await initialize(account, publicKey, { authUrl: url, apiUrl: `${url}/api`, persistence });
  await commands[name](client, ...rest);
} catch (error) {
  const [message, code] = explain(error);
  console.error(`meshy: ${message}`);
  process.exitCode = code;
}
