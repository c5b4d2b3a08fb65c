import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { start } from "../shared/client.mjs";
import { gate } from "../shared/fake-server.mjs";
import { run } from "../shared/processes.mjs";
import { rejection, stayAlive } from "../shared/waiting.mjs";
import { inProcess, scratch } from "./file-store-holder.mjs";
import { anotherKernel, noKernels } from "./kernels.mjs";

after(stayAlive());

const nodeUrl = new URL("../../pkg/node.js", import.meta.url).href;
const key = "key";
const { signal } = new AbortController();

/** Tells what each operation was rejected with, if that was within two seconds, and how much of the time after it the process was busy. */
const asking = (path, before = "") => `
  import { fileStore } from ${JSON.stringify(nodeUrl)};
  const { setTimeout: pause } = await import("node:timers/promises");
  ${before}
  const store = fileStore(${JSON.stringify(path)});
  const { signal } = new AbortController();
  const told = {};
  for (const [name, ask] of Object.entries({
    read: () => store.read("key"),
    compareAndSet: () => store.compareAndSet("key", null, "canary"),
    lock: () => store.lock("key", signal, async () => "held"),
  })) {
    const error = await Promise.race([ask().then((value) => ({ value }), (error) => error), pause(2_000, { message: "late" })]);
    const { code, argument, retryable, message, value } = error;
    told[name] = { code, argument, retryable, message, value };
  }
  const [busy, since] = [process.cpuUsage(), performance.now()];
  await pause(500);
  const { user, system } = process.cpuUsage(busy);
  told.load = (user + system) / 1_000 / (performance.now() - since);
  console.log(JSON.stringify(told));
  process.exit();
`;

async function ask(path, { under = [], before } = {}) {
  const [program, ...args] = [...under, process.execPath, "--input-type=module", "--eval", asking(path, before)];
  const { stdout, stderr } = await run(program, args);
  assert.equal(stderr, "");
  const { load, ...told } = JSON.parse(stdout);
  assert.ok(load < 0.5, `busy for ${load} of the time`);
  return told;
}

/** Each of these operations names the path, what is wrong with it and what to do. */
function assertEach(told, names, path, expected, message) {
  for (const name of names) {
    const { message: said, value, ...members } = told[name];
    assert.deepEqual(members, expected, `${name}: ${said}`);
    assert.ok(said.startsWith(`${expected.code}: ${path} `), said);
    assert.match(said, message, name);
  }
}

const wrong = { code: "invalid_argument", argument: "path", retryable: false };
const failing = { code: "unavailable", retryable: true };
const writing = ["compareAndSet", "lock"];
const all = ["read", ...writing];
/** A file system of its own, of 64 KiB, that is mounted for one program and the folder is in. */
const disk = (path, then) => [
  "unshare",
  "--mount",
  "sh",
  "-c",
  `mount -t tmpfs -o size=64k,mode=700 disk "$0" && ${then} && exec "$@"`,
  path,
];
const noDisk = () => {
  try {
    execFileSync(...[disk("/tmp", "true")].flatMap(([program, ...args]) => [program, [...args, "true"]]), {
      stdio: "pipe",
    });
  } catch {
    return "no file system can be mounted here";
  }
};
const isRoot = process.getuid?.() === 0;

const places = {
  "where the system makes none": {
    make: () => "/proc/nope/x",
    rejected: writing,
    message: /cannot be made \(ENOENT\): what is above it takes no folder, .*: choose another path$/,
  },
  "below a file": {
    make: (path) => [writeFileSync(path, "mine"), join(path, "x", "y")][1],
    rejected: all,
    message: /cannot be used \(ENOTDIR\): there is a file above it where a folder must be: choose another path$/,
  },
  "that is a file": {
    make: (path) => [writeFileSync(path, "mine"), path][1],
    rejected: all,
    message: /is no folder: choose another path, or move away what is there$/,
  },
  "that is a symbolic link to nothing": {
    make: (path) => [symlinkSync("nothing", path), path][1],
    rejected: all,
    message: /is a symbolic link: choose the folder that it leads to$/,
  },
  "below a symbolic link to nothing": {
    make: (path) => [symlinkSync("nothing", path), join(path, "x")][1],
    rejected: writing,
    message: /cannot be made \(ENOENT\): .* is a symbolic link to nothing: choose another path$/,
  },
  "below symbolic links in a circle": {
    make: (path) => [symlinkSync(path, path), join(path, "x")][1],
    rejected: all,
    message: /cannot be used \(ELOOP\): symbolic links above it lead in a circle: choose another path$/,
  },
  "whose name is too long": {
    make: (path) => join(dirname(path), "x".repeat(256)),
    rejected: all,
    message: /cannot be used \(ENAMETOOLONG\): the path is too long: choose a shorter one$/,
  },
  "that this user may not make": {
    skip: !isRoot && "only root can be somebody else",
    make: () => "/usr/meshydb-client-x",
    before: "process.setgid(65_534); process.setuid(65_534);",
    rejected: writing,
    message: /cannot be made \(EACCES\): this user may make none there: choose a path in a folder of the user's own$/,
  },
  "on a disk that is read-only": {
    skip: noDisk(),
    make: (path) => [mkdirSync(path), join(path, "store")][1],
    under: (path) => disk(dirname(path), 'mount -o remount,ro "$0"'),
    rejected: writing,
    message: /cannot be made \(EROFS\): the disk is read-only: choose a path on another$/,
  },
};

describe("a file store whose folder is one", () => {
  for (const [what, { skip, make, before, under, rejected, message }] of Object.entries(places)) {
    test(`${what} says so within two seconds, and is at rest after it`, { skip: skip || false }, async (t) => {
      const path = make(await scratch(t));
      const told = await ask(path, { before, under: under?.(path) });
      assertEach(told, rejected, path, wrong, message);
      if (rejected === writing) assert.deepEqual(told.read, { value: null });
    });
  }

  test("on a full disk says so within two seconds, and is at rest after it", { skip: noDisk() || false }, async (t) => {
    const path = await scratch(t);
    mkdirSync(path);
    const fill = 'mkdir -m 700 "$0/store" && { dd if=/dev/zero of="$0/filler" bs=4k 2>/dev/null || true; }';
    const told = await ask(join(path, "store"), { under: disk(path, fill) });
    assertEach(told, ["compareAndSet"], join(path, "store"), failing, /\(ENOSPC\): the disk is full: make room on it$/);
    assert.deepEqual(told.read, { value: null });
  });

  test("that cannot be made leaves a session in memory, and the client says why", async () => {
    const client = await start({ persistence: fileStore("/proc/nope/x"), timeout: 1_000 });
    const connection = await client.login("alice", "pw");
    assert.equal(await connection.getAccessToken(), "at-canary-alice-1");
    const error = await new Promise((resolve) => {
      const look = () => client.getSnapshot().error && resolve(client.getSnapshot().error);
      client.subscribe(look);
      look();
    });
    assert.deepEqual([error.code, error.argument], [wrong.code, wrong.argument]);
    assert.match(error.message, /^invalid_argument: \/proc\/nope\/x cannot be made/);
    assert.equal(client.getSnapshot().storage, "degraded");
    await rejection(connection.signout());
  });
});

describe("a file store whose disk does not answer", { skip: noKernels() ?? false }, () => {
  test("says so within two seconds, asks it nothing more, is at rest, and goes on when it answers", async (t) => {
    const path = await scratch(t);
    mkdirSync(path, { mode: 0o700 });
    const { program, under } = await anotherKernel(t, path);
    const store = await inProcess(path, under);
    t.after(() => store.kill());
    assert.equal(await store.compareAndSet(key, null, "text"), true);
    program.kill("SIGSTOP");
    t.after(() => program.kill("SIGCONT"));
    const message = `unavailable: ${path} does not answer: see to its disk, or to the server that has it`;
    const stop = store.watch(key, () => {});
    const operations = [
      () => store.read(key),
      () => store.compareAndSet(key, "text", "next"),
      () => store.lock(key, signal, async () => {}),
    ];
    for (const operation of operations) assert.equal((await rejection(operation())).message, message);
    for (let count = 0; count < 100; count++) assert.equal((await rejection(store.read(key))).message, message);
    stop();
    program.kill("SIGCONT");
    const answers = async () => (await store.read(key).catch(() => "none")) === "text";
    while (!(await answers()));
    assert.equal(await store.compareAndSet(key, "text", "next"), true);
  });
});

describe("a copy of a file store's folder", { skip: process.platform === "win32" && "has no sockets" }, () => {
  for (const [what, how] of Object.entries({ "with all that is in it": "-a", "by hard links": "-al" })) {
    test(`made ${what} has a lock of its own, and no claim that was made under another`, async (t) => {
      const path = await scratch(t);
      const copy = `${path}-copy`;
      const store = fileStore(path);
      const claimed = (locked) => `{"claim":7,"claim_locked":${locked}}`;
      await store.compareAndSet(key, null, claimed(1));
      const [held, left] = [gate(), gate()];
      const holding = store.lock(key, signal, () => {
        held.open();
        return left.promise;
      });
      await held.promise;
      execFileSync("cp", [how, path, copy]);
      const copied = fileStore(copy);
      assert.deepEqual([await store.read(key), await copied.read(key)], [1, 0].map(claimed));
      assert.equal(await copied.lock(key, signal, async () => "its own"), "its own");
      assert.equal(await copied.compareAndSet(key, claimed(0), "of the copy"), true);
      assert.equal(await store.read(key), claimed(1));
      left.open();
      await holding;
    });
  }
});
