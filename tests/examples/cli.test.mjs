import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { setUpExample } from "./examples.mjs";

const INVOCATIONS = 10;
const password = "wonderland";
const isWindows = process.platform === "win32";

let example;
let config;
const running = new Set();
before(async () => {
  example = await setUpExample("cli");
});
beforeEach(() => {
  config = mkdtempSync(join(example.folder, "config-"));
  example.forget();
  example.line.lead();
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});
after(() => example.remove());

/** An invocation: the process, and what it printed and how it ended, without a stack or a secret. */
function invoke(args, { input = "", env = {}, command = process.execPath } = {}) {
  const child = spawn(command, command === process.execPath ? [example.path("meshy.mjs"), ...args] : args, {
    env: { ...process.env, ...example.env, XDG_CONFIG_HOME: config, MESHY_SESSION: undefined, ...env },
  });
  running.add(child);
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
    running.delete(child);
    assert.doesNotMatch(stdout + stderr, /^\s+at |_token"|Warning/m);
    assert.ok(!(stdout + stderr).includes(password));
    return { code, stdout, stderr };
  });
  return { child, ended };
}

const meshy = (...args) => invoke(args).ended;
const says = (line) => ({ code: 0, stdout: `${line}\n`, stderr: "" });
const fails = (code, line) => ({ code, stdout: "", stderr: `meshy: ${line}\n` });
const notLoggedIn = fails(3, "not logged in: run `meshy login`");

async function login() {
  assert.deepEqual(await invoke(["login", "alice"], { input: `${password}\n` }).ended, says("Logged in as alice."));
}

describe("the command-line tool", { timeout: 120_000 }, () => {
  test("logs in once, and is logged in whenever it is invoked", async () => {
    await login();
    for (let count = 0; count < 3; count += 1) assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(await meshy("status"), says("Logged in. The access token is valid."));
    assert.deepEqual(example.grants(), [["password", 200]]);
    example.expire();
    const expired = "Logged in. The access token has expired: the next call renews it.";
    assert.deepEqual(await meshy("status"), says(expired));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), [["refresh_token", 200]]);
  });

  test("refreshes once at each expiry, however many are invoked at once", async () => {
    await login();
    for (let expiry = 1; expiry <= 2; expiry += 1) {
      example.expire();
      const results = await Promise.all(Array.from({ length: INVOCATIONS }, () => meshy("whoami")));
      for (const result of results) assert.deepEqual(result, says("alice"));
      assert.deepEqual(example.grants().slice(1), Array(expiry).fill(["refresh_token", 200]));
    }
  });

  test("that is killed while it refreshes leaves the session to the others", async () => {
    await login();
    example.expire();
    const refresh = example.line.hold("POST");
    const { child, ended } = invoke(["whoami"]);
    await refresh.arrived;
    const others = [meshy("whoami"), meshy("whoami")];
    child.kill("SIGKILL");
    assert.equal((await ended).code, "SIGKILL");
    await refresh.left;
    refresh.release();
    for (const other of others) assert.deepEqual(await other, says("alice"));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), [["refresh_token", 200]]);
  });

  test("ends when it has stored what it was given in the last tenth of a token's life", async () => {
    await login();
    example.expire(0.95);
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), [["refresh_token", 200]]);
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.equal(example.grants().length, 2);
  });

  test("logs out, here and at the server", async () => {
    await login();
    assert.deepEqual(await meshy("logout"), says("Logged out."));
    assert.ok(example.paths().includes("/demo/connect/revocation"));
    for (const command of ["whoami", "status", "logout"]) assert.deepEqual(await meshy(command), notLoggedIn);
  });

  test("keeps the session where nobody else can read it", { skip: isWindows }, async () => {
    await login();
    const folder = join(config, "meshy", "session");
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    assert.ok(entries.some((entry) => entry.isFile()));
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const entry of entries) {
      const mode = statSync(join(entry.path, entry.name)).mode & 0o777;
      assert.equal(mode, entry.isDirectory() ? 0o700 : 0o600);
    }
    chmodSync(folder, 0o755);
    const { code, stderr } = await meshy("whoami");
    assert.equal(code, 1);
    assert.match(stderr, /^meshy: .*session is open to other users.*\n$/);
  });

  test("keeps it in another folder if told to", async () => {
    const env = { MESHY_SESSION: join(config, "elsewhere") };
    const { code } = await invoke(["login", "alice"], { input: password, env }).ended;
    assert.equal(code, 0);
    assert.ok(!existsSync(join(config, "meshy")));
    assert.deepEqual(await invoke(["whoami"], { env }).ended, says("alice"));
  });
});

describe("the command-line tool says", { timeout: 120_000 }, () => {
  test("that the password is wrong, and keeps the session there is", async () => {
    const wrong = () => invoke(["login", "alice"], { input: "mistyped\n" }).ended;
    assert.deepEqual(await wrong(), fails(4, "wrong user name or password"));
    assert.deepEqual(await meshy("whoami"), notLoggedIn);
    await login();
    assert.deepEqual(await wrong(), fails(4, "wrong user name or password"));
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("that the server cannot be reached, and goes on when it can", async () => {
    const env = { MESHY_URL: "http://127.0.0.1:1" };
    const unreachable = fails(5, "http://127.0.0.1:1 cannot be reached");
    assert.deepEqual(await invoke(["login", "alice"], { input: password, env }).ended, unreachable);
    await login();
    const gone = fails(5, `${example.line.url} cannot be reached`);
    example.line.lead("http://127.0.0.1:1");
    assert.deepEqual(await meshy("whoami"), gone);
    example.expire();
    assert.deepEqual(await meshy("whoami"), gone);
    example.line.lead();
    // Its last failures may have begun a pause that is longer than a call waits.
    let told = await meshy("whoami");
    for (; told.code === 5; told = await meshy("whoami")) assert.match(told.stderr, /^meshy: try again later: .*pause/);
    assert.deepEqual(told, says("alice"));
  });

  test("that the server has ended the session", async (t) => {
    await login();
    const other = await startAuthorizationServer();
    t.after(() => other.close());
    example.line.lead(other.url);
    assert.deepEqual(await meshy("whoami"), fails(6, "the session is over (invalid_grant): run `meshy login`"));
    assert.deepEqual(await meshy("whoami"), notLoggedIn);
    await login();
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("how it is used, and takes no password as an argument", async () => {
    const usage = fails(2, "usage: meshy login [USER] | whoami | status | logout");
    for (const args of [[], ["toString"], ["whoami", "alice"], ["login", "alice", "mistyped"]]) {
      assert.deepEqual(await meshy(...args), usage);
    }
    assert.deepEqual(
      await invoke(["login"], { input: password }).ended,
      fails(2, "without a terminal: `meshy login USER`, the password on stdin"),
    );
    assert.deepEqual(example.grants(), []);
  });
});

/** One that has a terminal, which `answers` are typed into, each when it was asked for. */
async function onTerminal(answers) {
  const command = `${process.execPath} ${example.path("meshy.mjs")} login`;
  const { child, ended } = invoke(["-qec", command, "/dev/null"], { command: "script", input: null });
  let shown = "";
  child.stdout.on("data", (chunk) => {
    shown += chunk;
    if (answers.length > 0 && shown.includes(answers[0][0])) child.stdin.write(answers.shift()[1]);
  });
  return ended;
}

describe("the command-line tool on a terminal", { skip: process.platform !== "linux", timeout: 60_000 }, () => {
  test("asks, and does not show the password", async () => {
    const { code, stdout } = await onTerminal([
      ["User name: ", "alicx\x7fe\r"],
      ["Password: ", `${password}\r`],
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /Password: \r\nLogged in as alice\.\r\n$/);
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("is cancelled by Ctrl+C", async () => {
    const { code, stdout } = await onTerminal([
      ["User name: ", "alice\r"],
      ["Password: ", "wonder\x03"],
    ]);
    assert.equal(code, 130);
    assert.match(stdout, /Password: \r\nmeshy: cancelled\r\n$/);
    assert.deepEqual(example.grants(), []);
  });
});
