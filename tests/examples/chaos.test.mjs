import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installPackage } from "../shared/installed.mjs";
import { run } from "../shared/processes.mjs";

const pathOf = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const main = pathOf("dev/main.mjs");
const preload = new URL("../../dev/chaos-clock.mjs", import.meta.url).href;
/** A round in which the clock is put forward, and answers are almost as late as they may be. */
const LATE = "115";
/** In its rounds a process is killed, and one stopped, long before its end. */
const KILLED_AND_STOPPED = "297";

/** The command-line tool has its server in a file. */
const settle = `
  import { mkdirSync, writeFileSync } from "node:fs";
  const { MESHYDB_DEV_ISSUER: issuer, MESHYDB_DEV_CLIENT_ID: clientId, MESHYDB_DEV_API_URL: apiUrl } = process.env;
  const folder = process.env.XDG_CONFIG_HOME + "/meshy";
  mkdirSync(folder, { recursive: true });
  const profile = { issuer, clientId, apiUrl, scope: "meshy.api offline_access" };
  writeFileSync(folder + "/profiles.json", JSON.stringify({ default: profile }));`;

/** It keeps its refresh token in a file, knows of no other process, and signs in by itself the first time. */
const naive = `
  import { existsSync, readFileSync, writeFileSync } from "node:fs";
  const [file, url, word] = process.argv.slice(2);
  const client_id = process.env.MESHYDB_DEV_CLIENT_ID;
  async function grant(form) {
    const response = await fetch(url, { method: "POST", body: new URLSearchParams({ client_id, ...form }) });
    const { error, refresh_token, expires_in } = await response.json();
    if (error) throw new Error(error);
    writeFileSync(file, JSON.stringify({ refresh_token, expiresAt: Date.now() + expires_in * 1000 }));
  }
  if (word === "login" || !existsSync(file)) {
    await grant({ grant_type: "password", username: "alice", password: "wonderland", scope: "meshy.api offline_access" });
  } else {
    const { refresh_token, expiresAt } = JSON.parse(readFileSync(file, "utf8"));
    if (expiresAt <= Date.now()) await grant({ grant_type: "refresh_token", refresh_token });
  }`;

describe("an agents' day", () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
    await writeFile(join(folder, "settle.mjs"), settle);
    await writeFile(join(folder, "naive.mjs"), naive);
  });
  after(() => rm(folder, { recursive: true }));

  const day = (args, options) => {
    const given = ["--port", "0", "--chaos", "agents", "--access-token-lifetime", "1", ...args];
    return run(process.execPath, [main, ...given], { cwd: folder, timeout: 240_000, ...options });
  };
  const naiveDay = (...args) =>
    day([
      ...args,
      "--sign-in",
      "node naive.mjs kept {token_endpoint} login",
      "--",
      "node",
      "naive.mjs",
      "kept",
      "{token_endpoint}",
    ]);

  test("costs the command-line tool nothing that can be kept", { timeout: 240_000 }, async () => {
    const pack = await installPackage();
    try {
      await cp(pathOf("examples/cli"), join(pack.folder, "cli"), { recursive: true });
      await symlink(pathOf("node_modules/oauth4webapi"), join(pack.folder, "node_modules/oauth4webapi"), "dir");
      const meshy = join(pack.folder, "cli/meshy.mjs");
      const env = {
        XDG_CONFIG_HOME: join(folder, "config"),
        XDG_STATE_HOME: join(folder, "state"),
        MESHY_PROFILE: "default",
      };
      const signIn = `node settle.mjs && printf wonderland | node "${meshy}" login alice`;
      const { code, stdout, stderr } = await day(
        ["--rounds", "8", "--seed", "0", "--sign-in", signIn, "--", "node", meshy, "whoami"],
        { env },
      );
      const { nothing, clock, lose_answer, all } = rowsOf(stdout);
      assert.deepEqual(
        { code, stderr, lost: all.lost, failed: all.failed },
        { code: 0, stderr: "", lost: 0, failed: 0 },
        stdout,
      );
      assert.deepEqual([all.rounds, nothing.reuses, clock.rounds], [8, 0, 1], stdout);
      assert.ok(all.refreshes >= all.rounds, stdout);
      assert.equal(lose_answer.unavoidable, 1, stdout);
      assert.match(stdout, /^Nothing was lost\.$/m);
    } finally {
      await pack.remove();
    }
  });

  test("costs a tool without a lock its session, and says how to see that again", async () => {
    const { code, stdout, stderr } = await naiveDay("--rounds", "1", "--seed", LATE, "--processes", "8");
    const { all } = rowsOf(stdout);
    assert.deepEqual(
      { code, stderr, lost: all.lost, unavoidable: all.unavoidable },
      { code: 1, stderr: "", lost: 1, unavoidable: 0 },
      stdout,
    );
    assert.ok(all.reuses > 0, stdout);
    assert.match(stdout, /LOST: the server refused a refresh token, \d failed; again: --seed 115 --rounds 1$/m);
    assert.match(stdout, /^ +Error: invalid_grant$/m);
    assert.match(stdout, /^Lost sessions: 1\. Failed processes: \d\.$/m);
  });

  test("counts apart what a lost answer costs anyone at a strict server, and nobody at one that forgives", async () => {
    const lost = ["--rounds", "1", "--seed", "7", "--processes", "1"];
    const strict = await naiveDay(...lost);
    const { lose_answer } = rowsOf(strict.stdout);
    assert.deepEqual([strict.code, lose_answer.lost, lose_answer.unavoidable], [0, 0, 1], strict.stdout);
    const { code, stdout } = await naiveDay("--reuse-window", "60", ...lost);
    const kept = rowsOf(stdout).lose_answer;
    assert.deepEqual([code, kept.refreshes, kept.lost, kept.unavoidable], [0, 2, 0, 0], stdout);
  });

  test("goes on after a loss with --sign-in, and ends there without", async () => {
    const lost = ["--rounds", "2", "--seed", "7", "--processes", "1"];
    const { stdout } = await naiveDay(...lost);
    assert.equal(rowsOf(stdout).all.rounds, 2, stdout);
    const alone = await day([...lost, "--", "node", "naive.mjs", "own", "{token_endpoint}"]);
    assert.equal(rowsOf(alone.stdout).all.rounds, 1, alone.stdout);
    assert.match(alone.stdout, /^It ends here: with --sign-in it would go on\.$/m);
  });

  test("kills a process with what it has started, and stops one for a while", async () => {
    const program = `
      const { appendFileSync } = require("node:fs");
      const begin = performance.now();
      let last = begin;
      setInterval(() => {
        const now = performance.now();
        if (now - last > 900) appendFileSync("notes", "stopped ");
        last = now;
        if (now - begin < 1500) return;
        appendFileSync("notes", "ended ");
        process.exit();
      }, 20);`;
    await writeFile(join(folder, "slow.cjs"), program);
    const given = [
      "--rounds",
      "2",
      "--seed",
      KILLED_AND_STOPPED,
      "--processes",
      "2",
      "--",
      "sh",
      "-c",
      "node slow.cjs; exit $?",
    ];
    const { code, stdout } = await day(given);
    const { kill, sleep, all } = rowsOf(stdout);
    assert.deepEqual([code, kill.rounds, sleep.rounds, all.failed], [0, 1, 1, 0], stdout);
    const notes = (await readFile(join(folder, "notes"), "utf8")).trim().split(" ");
    assert.equal(notes.filter((note) => note === "ended").length, 6);
    assert.ok(notes.includes("stopped"));
  });

  test("has a clock for Node.js programs that is put forward", async () => {
    await writeFile(join(folder, "clock"), "3600000");
    const source = `
      const ahead = Date.now() - performance.timeOrigin - performance.now();
      console.log(Math.round(ahead / 60_000), Math.abs(new Date() - Date.now()) < 1000, +new Date(5), new Date() instanceof Date, typeof Date());`;
    const env = { MESHYDB_DEV_CLOCK: join(folder, "clock") };
    const { stdout, stderr } = await run(process.execPath, ["--import", preload, "--eval", source], { env });
    assert.deepEqual({ stdout, stderr }, { stdout: "60 true 5 true string\n", stderr: "" });
  });

  test("says what it cannot play", async () => {
    const { code, stdout } = await day(["--rounds", "1", "--seed", "3", "--", "true"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^round 1 of 1 {2}clock +not played: the command is not a Node\.js program$/m);
    assert.equal(rowsOf(stdout).clock.rounds, 0);
  });

  const wrong = [
    [
      ["--", "no-such-program"],
      /^no-such-program cannot be started \(there is no such program\): after -- comes the command as at a prompt$/,
    ],
    [
      ["--", "node", "naive.mjs", "nowhere"],
      /^the command ends with 1, alone and undisturbed: say with --sign-in how it is signed in\n.*Error/s,
    ],
    [["--sign-in", "exit 3", "--", "true"], /^--sign-in ends with 3: try that command by hand$/],
    [
      ["--sign-in", "exit 0", "--", "false"],
      /^the command ends with 1, alone and undisturbed: try it by hand after --sign-in$/,
    ],
  ];
  for (const [args, message] of wrong) {
    test(`is not played with ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await day(args);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      assert.match(stderr.trim(), message);
    });
  }
});

/** The table that is printed at the end, by kind of round. */
function rowsOf(stdout) {
  const [, head, body] = /^ +(rounds .*)\n([\s\S]*?)\n\n/m.exec(stdout) ?? assert.fail(stdout);
  const names = head.split(/ +/);
  const rows = body.split("\n").map((line) => {
    const [kind, ...cells] = line.trim().split(/ +/);
    return [kind, Object.fromEntries(cells.map((cell, index) => [names[index], Number(cell)]))];
  });
  return Object.fromEntries(rows);
}
