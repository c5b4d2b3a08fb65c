import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { foldersOf } from "../../examples/cli/profiles.mjs";
import { fails, notLoggedIn, password, says, setUpTool } from "./tool.mjs";

const NOWHERE = "http://127.0.0.1:1";

let tool;
let example;
before(async () => {
  tool = await setUpTool();
  ({ example } = tool);
});
beforeEach(() => tool.begin());
afterEach(() => tool.stop());
after(() => example.remove());

const meshy = (...args) => tool.meshy(...args);
const refreshes = (count) => Array(count).fill(["refresh_token", 200]);
const json = async (...args) => JSON.parse((await meshy(...args, "--json")).stdout);

describe("the command-line tool", { timeout: 120_000 }, () => {
  test("logs in once, and is logged in whenever it is invoked", async () => {
    await tool.login();
    for (let count = 0; count < 3; count += 1) assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(await meshy("status"), says("Logged in. The access token is valid."));
    assert.deepEqual(example.grants(), [["password", 200]]);
    example.expire();
    const expired = "Logged in. The access token has expired: the next call renews it.";
    assert.deepEqual(await meshy("status"), says(expired));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), refreshes(1));
  });

  test("that is killed while it refreshes leaves the session to the others", async () => {
    await tool.login();
    example.expire();
    const refresh = example.line.hold("POST");
    const { child, ended } = tool.invoke(["whoami"]);
    await refresh.arrived;
    const others = [meshy("whoami"), meshy("whoami")];
    child.kill("SIGKILL");
    assert.equal((await ended).code, "SIGKILL");
    await refresh.left;
    refresh.release();
    for (const other of others) assert.deepEqual(await other, says("alice"));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), refreshes(1));
  });

  test("ends when it has stored what it was given in the last tenth of a token's life", async () => {
    await tool.login();
    example.expire(0.95);
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.deepEqual(example.grants().slice(1), refreshes(1));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    assert.equal(example.grants().length, 2);
  });

  test("calls the API, and prints what it answers", async () => {
    await tool.login();
    assert.equal(JSON.parse((await meshy("call", "me")).stdout).username, "alice");
    const sent = { length: 7, content_type: "application/json" };
    assert.deepEqual(await json("call", "echo", "--data", '{"a":1}'), { status: 200, body: sent });
    const { ended } = tool.invoke(["call", "echo", "--data", "-", "--method", "POST"], { input: "12345" });
    assert.equal(JSON.parse((await ended).stdout).length, 5);
    const { code, stdout, stderr } = await meshy("call", "nothing");
    assert.equal(code, 1);
    assert.match(stdout, /unknown account or path/);
    assert.equal(stderr, "meshy: the API answered with 404\n");
    const unread = tool.invoke(["call", "me"]);
    unread.child.stdout.destroy();
    assert.deepEqual(await unread.ended, { code: 0, stdout: "", stderr: "" });
    const elsewhere = await meshy("call", "https://elsewhere.example/");
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.stderr, /^meshy: invalid_argument: input must be /);
  });

  test("gives scripts a token, which is renewed first if it has expired", async () => {
    await tool.login();
    const { stdout } = await meshy("token");
    assert.match(stdout, /^\S+\n$/);
    assert.equal(await tool.ask(stdout.trim()), 200);
    example.expire();
    assert.equal(await tool.ask(stdout.trim()), 401);
    const { access_token } = await json("token");
    assert.equal(await tool.ask(access_token), 200);
  });

  test("says everything as one line of JSON, too", async () => {
    await tool.login();
    assert.equal((await json("whoami")).username, "alice");
    const { expiresAt, ...status } = await json("status");
    assert.deepEqual(status, { isLoggedIn: true, isExpired: false });
    assert.ok(expiresAt > Date.now());
    assert.deepEqual(await json("logout"), { isLoggedIn: false });
    const { code, stdout, stderr } = await meshy("whoami", "--json");
    assert.deepEqual([code, stdout], [3, ""]);
    assert.deepEqual(JSON.parse(stderr), { message: "not logged in: run `meshy login`", exitCode: 3 });
  });

  test("logs out, here and at the server", async () => {
    await tool.login();
    assert.deepEqual(await meshy("logout"), says("Logged out."));
    assert.ok(example.paths().includes("/demo/connect/revocation"));
    for (const command of ["whoami", "status", "token", "logout"]) assert.deepEqual(await meshy(command), notLoggedIn);
  });

  test("has a session for each profile", async () => {
    const env = { MESHY_PROFILE: "other" };
    await tool.login();
    const none = fails(3, "not logged in: run `meshy login --profile other`");
    assert.deepEqual(await meshy("whoami", "--profile", "other"), none);
    await tool.invoke(["login", "bob"], { input: "builder", env }).ended;
    assert.deepEqual(await meshy("whoami", "--profile", "other"), says("bob"));
    assert.deepEqual(await tool.invoke(["whoami"], { env }).ended, says("bob"));
    assert.deepEqual(await meshy("whoami"), says("alice"));
    await meshy("logout");
    assert.deepEqual(await meshy("whoami", "--profile", "other"), says("bob"));
  });
});

describe("the command-line tool says", { timeout: 120_000 }, () => {
  const loginWith = (input) => tool.invoke(["login", "alice"], { input }).ended;

  test("that the password is wrong, and keeps the session there is", async () => {
    const wrong = fails(4, "wrong user name or password");
    assert.deepEqual(await loginWith("mistyped\n"), wrong);
    assert.deepEqual(await meshy("whoami"), notLoggedIn);
    await tool.login();
    assert.deepEqual(await loginWith("mistyped\n"), wrong);
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("that the server cannot be reached, and goes on when it can", async () => {
    await tool.login();
    example.line.lead(NOWHERE);
    assert.deepEqual(await meshy("whoami"), fails(5, `${example.line.url}/api/demo cannot be reached`));
    example.expire();
    tool.settle({ default: { ...tool.own, timeout: 1_000 } });
    assert.deepEqual(await meshy("whoami"), fails(5, `${tool.own.tokenEndpoint} cannot be reached`));
    const resting = fails(5, "the last requests have failed: try again a little later");
    let told = await meshy("whoami");
    for (let more = 10; more && told.stderr !== resting.stderr; more -= 1) told = await meshy("whoami");
    assert.deepEqual(told, resting);
    example.line.lead();
    example.expire(3);
    tool.settle({ default: tool.own });
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("that the server asks for a pause only where it does", async () => {
    await tool.login();
    example.expire();
    example.setFaults([{ name: "too_many_requests", times: 1, retry_after: 3_600 }]);
    const limited = await meshy("whoami");
    assert.equal(limited.code, 5);
    assert.match(limited.stderr, /^meshy: the server asks for a pause: try again in 3\d{3} s\n$/);
  });

  test("that the server has ended the session", async (t) => {
    await tool.login();
    const other = await startAuthorizationServer();
    t.after(() => other.close());
    example.line.lead(other.url);
    assert.deepEqual(await meshy("whoami"), fails(6, "the session is over (invalid_grant): run `meshy login`"));
    assert.deepEqual(await meshy("whoami"), notLoggedIn);
    await tool.login();
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });

  test("how it is used, and takes no password as an argument and no empty one", async () => {
    const usage = [
      [["toString"], 'there is no command "toString"'],
      [["whoami", "alice"], "it is meshy whoami"],
      [["call"], "it is meshy call PATH"],
      [["login", "alice", "mistyped"], "it is meshy login [USER]"],
      [["login", ""], "it is meshy login [USER]"],
      [["whoami", "--method", "PUT"], "Unknown option '--method'"],
      [["whoami", "--profile", ""], "a profile has a name"],
    ];
    for (const [args, text] of usage) assert.deepEqual(await meshy(...args), fails(2, `${text}: see meshy --help`));
    const both = fails(2, "a login with a password needs no --no-browser");
    assert.deepEqual(await meshy("login", "alice", "--no-browser"), both);
    for (const input of ["", "\n", "\r\n"]) assert.deepEqual(await loginWith(input), fails(2, "the password is empty"));
    for (const args of [[], ["--help"], ["call", "--help"]])
      assert.match((await meshy(...args)).stdout, /^usage: meshy /);
    assert.deepEqual(example.grants(), []);
  });

  test("which of its settings are wrong", async () => {
    const told = async (profiles) => {
      tool.settle(profiles);
      return meshy("whoami");
    };
    const malformed = await told("{");
    assert.equal(malformed.code, 1);
    assert.match(malformed.stderr, /^meshy: .*profiles\.json cannot be read: /);
    for (const [members, text] of [
      [{ issuer: "ftp://a.example", clientId: "a" }, /issuer must be an https URL/],
      [{ issuer: NOWHERE, clientId: "a", apiUri: NOWHERE }, /apiUri is no option: is it apiUrl\?/],
    ]) {
      const { code, stderr } = await told({ default: members });
      assert.equal(code, 2);
      assert.match(stderr, text);
    }
  });

  test("how the server writes its issuer, and takes the URL of an API with a slash at its end or without", async () => {
    const { issuer, line } = example;
    const at = (members) =>
      tool.begin({ members: { tokenEndpoint: undefined, revocationEndpoint: undefined, ...members } });
    at({ issuer: `${issuer}/` });
    const otherwise = fails(2, `the issuer ${issuer}/ calls itself "${issuer}": write it so`);
    assert.deepEqual(await loginWith(password), otherwise);
    assert.deepEqual(await meshy("login"), otherwise);
    at({ issuer, apiUrl: `${line.url}/api/demo/` });
    await tool.login();
    assert.deepEqual(await meshy("whoami"), says("alice"));
  });
});

describe("the command-line tool keeps", { timeout: 120_000 }, () => {
  test("the session where nobody else can read it", { skip: process.platform === "win32" }, async () => {
    await tool.login();
    const entries = readdirSync(tool.sessions, { recursive: true, withFileTypes: true });
    assert.ok(entries.some((entry) => entry.isFile()));
    assert.equal(statSync(tool.sessions).mode & 0o777, 0o700);
    for (const entry of entries) {
      const mode = statSync(join(entry.path, entry.name)).mode & 0o777;
      assert.equal(mode, entry.isDirectory() ? 0o700 : 0o600);
    }
    chmodSync(tool.sessions, 0o755);
    const { code, stderr } = await meshy("whoami");
    assert.equal(code, 1);
    assert.match(stderr, /^meshy: .*sessions is open to other users.*\n$/);
  });

  test("nothing before somebody has logged in", async () => {
    for (const command of ["whoami", "status", "token", "logout"]) assert.deepEqual(await meshy(command), notLoggedIn);
    assert.deepEqual(await meshy("call", "me"), notLoggedIn);
    assert.ok(!existsSync(join(tool.home, "state")));
  });

  test("no session where it cannot write, and says so", async () => {
    writeFileSync(join(tool.home, "state"), "");
    const { code, stderr } = await tool.invoke(["login", "alice"], { input: password }).ended;
    assert.equal(code, 1);
    assert.match(stderr, /ENOTDIR|cannot write/);
    rmSync(join(tool.home, "state"));
  });

  test("its files where the XDG Base Directory Specification and Windows have them", () => {
    const linux = (env) => foldersOf({ platform: "linux", env, home: "/home/alice" });
    const standard = {
      settings: "/home/alice/.config/meshy/profiles.json",
      sessions: "/home/alice/.local/state/meshy/sessions",
    };
    assert.deepEqual(linux({}), standard);
    assert.deepEqual(linux({ XDG_CONFIG_HOME: "relative", XDG_STATE_HOME: "" }), standard);
    assert.deepEqual(linux({ XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s" }), {
      settings: "/c/meshy/profiles.json",
      sessions: "/s/meshy/sessions",
    });
    const windows = (env) => foldersOf({ platform: "win32", env, home: "C:\\Users\\alice" });
    assert.deepEqual(windows({ APPDATA: "D:\\Roaming" }), {
      settings: "D:\\Roaming\\meshy\\profiles.json",
      sessions: "C:\\Users\\alice\\AppData\\Local\\meshy\\sessions",
    });
  });
});

describe("a completion", { timeout: 60_000 }, () => {
  test("completes commands, and the options of each, in bash", async () => {
    const { stdout } = await tool.meshy("completion", "bash");
    const completed = async (...words) => {
      const variables = `COMP_WORDS=(meshy ${words.join(" ")}); COMP_CWORD=${words.length}`;
      const script = `${stdout}${variables}; _meshy; echo "\${COMPREPLY[@]}"`;
      return (await tool.invoke(["-c", script], { command: "bash" }).ended).stdout.trim();
    };
    assert.equal(await completed("lo"), "login logout");
    assert.equal(await completed("call", "me", "--m"), "--method");
    assert.equal(await completed("--profile", "work", "login", "--no"), "--no-browser");
  });

  test("is there for zsh and fish, and for no other shell", async () => {
    assert.match((await tool.meshy("completion", "zsh")).stdout, /^autoload -U \+X bashcompinit/);
    assert.match((await tool.meshy("completion", "fish")).stdout, /-a login -d "/);
    assert.deepEqual(await tool.meshy("completion", "csh"), fails(2, "there is bash, zsh, fish, not csh"));
  });
});
