import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import fs, { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { start } from "../shared/client.mjs";
import { endWithUs, runModule } from "../shared/processes.mjs";
import { Time } from "../shared/time.mjs";
import { settled, stayAlive, until } from "../shared/waiting.mjs";
import { inProcess, scratch } from "./file-store-holder.mjs";

after(stayAlive());

const limit = { timeout: 60_000 };
const key = "key";
const { watch } = fs;
const nodeUrl = new URL("../../pkg/node.js", import.meta.url).href;

/** The watchers that are open, and what is done before one is opened, or in its place. */
const open = new Set();
let before = () => {};
let tries = 0;

beforeEach(() => {
  fs.watch = (path, ...args) => {
    tries += 1;
    const watcher = before(path, ...args) ?? watch(path, ...args);
    open.add(watcher);
    return watcher.once("close", () => open.delete(watcher));
  };
  syncBuiltinESMExports();
});
afterEach(() => {
  fs.watch = watch;
  syncBuiltinESMExports();
  before = () => {};
});

function refuse(code) {
  before = () => {
    throw Object.assign(new Error(code), { code });
  };
}

function allow() {
  before = () => {};
}

/** Reads whenever it is told of a change, as a client does, and at no other time. */
class Reader {
  #texts = new Set();
  #look = () => {};
  times = 0;

  constructor(t, path) {
    const store = fileStore(path);
    this.stop = store.watch(key, async () => {
      this.times += 1;
      this.#texts.add(await store.read(key));
      this.#look();
    });
    t.after(this.stop);
  }

  /** One whose watcher has begun, or has tried to. */
  static async begun(t, path) {
    const before = tries;
    const reader = new Reader(t, path);
    await until(() => tries > before);
    return reader;
  }

  async reads(text) {
    while (!this.#texts.has(text)) {
      await new Promise((resolve) => {
        this.#look = resolve;
      });
    }
    this.#texts.clear();
  }
}

/** A path with a folder above it that a test may remove, and a writer of another process. */
async function place(t) {
  const path = join(await scratch(t), "sessions");
  const writer = await inProcess(path);
  t.after(() => writer.kill());
  return { path, writer };
}

function keyFolder(path) {
  return join(path, readdirSync(path)[0]);
}

async function writes(writer, expected, next) {
  assert.equal(await writer.compareAndSet(key, expected, next), true);
}

/** Moves what is there away, and puts a folder in its place in which another text was written. */
async function replace(folder, path) {
  renameSync(folder, join(dirname(path), "away"));
  const other = join(dirname(path), "other");
  await fileStore(other).compareAndSet(key, null, "another");
  renameSync(folder === path ? other : keyFolder(other), folder);
}

describe("the watcher of a file store hears of what is written", limit, () => {
  const losses = {
    "the key's folder was removed": (path) => rmSync(keyFolder(path), { recursive: true }),
    "the store's folder was removed": (path) => rmSync(path, { recursive: true }),
    "the folder above was removed": (path) => rmSync(dirname(path), { recursive: true }),
    "the key's folder was renamed": (path) => renameSync(keyFolder(path), join(path, `away-${Math.random()}`)),
    "the store's folder was renamed": (path) => renameSync(path, `${path}-${Math.random()}`),
    "what is in the key's folder was removed": (path) => {
      for (const file of readdirSync(keyFolder(path))) rmSync(join(keyFolder(path), file));
    },
    "a file took the place of the store's folder for a while": (path) => {
      rmSync(path, { recursive: true });
      writeFileSync(path, "");
      rmSync(path);
    },
  };
  for (const [what, lose] of Object.entries(losses)) {
    test(`after ${what}, three times, and of that`, async (t) => {
      const { path, writer } = await place(t);
      await writes(writer, null, "first");
      const reader = await Reader.begun(t, path);
      for (let round = 0; round < 3; round += 1) {
        lose(path);
        await reader.reads(null);
        await writes(writer, null, "again");
        await reader.reads("again");
        await writes(writer, "again", "later");
        await reader.reads("later");
      }
      await until(() => open.size === 2);
    });
  }

  test("at once after the folder was removed", async (t) => {
    const { path, writer } = await place(t);
    await writes(writer, null, "first");
    const reader = await Reader.begun(t, path);
    for (const text of ["a", "b", "c", "d"]) {
      rmSync(dirname(path), { recursive: true });
      await writes(writer, null, text);
      await reader.reads(text);
    }
  });

  for (const [what, of] of Object.entries({ "key's": keyFolder, "store's": (path) => path })) {
    test(`in a folder that took the place of the ${what}`, async (t) => {
      const { path, writer } = await place(t);
      await writes(writer, null, "first");
      const reader = await Reader.begun(t, path);
      await replace(of(path), path);
      await reader.reads("another");
      await writes(writer, "another", "later");
      await reader.reads("later");
    });
  }

  test("after all was removed while processes stood in it", async (t) => {
    const { path, writer } = await place(t);
    await writes(writer, null, "first");
    const children = [keyFolder(path), path, dirname(path)].map((cwd) => {
      const child = spawn(process.execPath, ["--eval", "console.log(); process.stdin.resume()"], { cwd });
      endWithUs(child);
      t.after(() => child.kill());
      return child;
    });
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    const reader = await Reader.begun(t, path);
    rmSync(dirname(path), { recursive: true });
    await reader.reads(null);
    await writes(writer, null, "again");
    await reader.reads("again");
  });

  test("in folders that were not there, and makes none of them", async (t) => {
    const { path, writer } = await place(t);
    const reader = await Reader.begun(t, path);
    await settled();
    assert.equal(existsSync(dirname(path)), false);
    await writes(writer, null, "first");
    await reader.reads("first");
  });

  test("in a folder that was made while it was looked for", async (t) => {
    const { path, writer } = await place(t);
    await writes(writer, null, "first");
    const folder = keyFolder(path);
    rmSync(folder, { recursive: true });
    before = (each) => {
      if (each === dirname(path)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    };
    const reader = await Reader.begun(t, path);
    await until(() => open.size === 2);
    await writes(writer, null, "again");
    await reader.reads("again");
  });

  test("where a watcher of what is not there fails later, as in Deno", async (t) => {
    const { path, writer } = await place(t);
    before = (each) => (existsSync(each) ? undefined : Object.assign(new EventEmitter(), { close() {} }));
    const reader = await Reader.begun(t, path);
    await writes(writer, null, "first");
    await reader.reads("first");
  });

  test("once for each text", async (t) => {
    const { path, writer } = await place(t);
    await writes(writer, null, "0");
    const reader = await Reader.begun(t, path);
    await writes(writer, "0", "1");
    await reader.reads("1");
    reader.times = 0;
    for (let count = 2; count <= 6; count += 1) {
      await writes(writer, `${count - 1}`, `${count}`);
      await reader.reads(`${count}`);
    }
    const last = new Promise((resolve) => {
      const watcher = watch(keyFolder(path), (_event, file) => file === "last" && resolve());
      t.after(() => watcher.close());
    });
    writeFileSync(join(keyFolder(path), "last"), "");
    await last;
    assert.equal(reader.times, 5);
  });

  test("by the next session, where a session was removed", async (t) => {
    const path = await scratch(t);
    const [client, other] = await Promise.all([1, 2].map(() => start({ persistence: fileStore(path) })));
    t.after(() => [client, other].map((each) => each[Symbol.dispose]()));
    await client.login("alice", "pw");
    const becomes = (connection, reason) =>
      new Promise((resolve) => {
        const look = () => connection.getSnapshot().error?.reason === reason && resolve();
        connection.subscribe(look);
        look();
      });
    const lost = await other.restore();
    rmSync(path, { recursive: true });
    await becomes(lost, "removed");
    const connection = await client.login("alice", "pw");
    const found = await other.restore();
    await connection.signout();
    await becomes(found, "signed_out");
  });
});

describe("the watcher of a file store that cannot watch", limit, () => {
  let time;
  beforeEach(() => {
    time = new Time();
  });
  afterEach(() => time.restore());

  for (const code of ["ENOSPC", "EMFILE", "EPERM", "EACCES"]) {
    test(`for ${code} tries again after ten seconds, and hears then`, async (t) => {
      const path = await scratch(t);
      await fileStore(path).compareAndSet(key, null, "first");
      refuse(code);
      const reader = await Reader.begun(t, path);
      await time.pass(15_000);
      assert.equal(time.pending, 1);
      await fileStore(path).compareAndSet(key, "first", "second");
      allow();
      await time.pass(10_000);
      assert.equal(time.pending, 0);
      await reader.reads("second");
      await fileStore(path).compareAndSet(key, "second", "third");
      await reader.reads("third");
    });
  }

  test("where its folder was removed tries again after ten seconds", async (t) => {
    const path = await scratch(t);
    await fileStore(path).compareAndSet(key, null, "first");
    const reader = await Reader.begun(t, path);
    refuse("ENOSPC");
    rmSync(path, { recursive: true });
    await reader.reads(null);
    await until(() => open.size === 0);
    allow();
    await time.pass(10_000);
    await fileStore(path).compareAndSet(key, null, "again");
    await reader.reads("again");
  });

  test("any more tries again after ten seconds, however many of its watchers failed", async (t) => {
    const path = await scratch(t);
    await fileStore(path).compareAndSet(key, null, "first");
    const reader = await Reader.begun(t, path);
    for (const watcher of open) {
      watcher.close();
      watcher.emit("error", Object.assign(new Error("EPERM"), { code: "EPERM" }));
    }
    assert.equal(time.pending, 1);
    await time.pass(10_000);
    await fileStore(path).compareAndSet(key, "first", "second");
    await reader.reads("second");
  });

  test("does not try again once it was stopped", async (t) => {
    const path = await scratch(t);
    await fileStore(path).compareAndSet(key, null, "first");
    refuse("ENOSPC");
    const reader = await Reader.begun(t, path);
    assert.equal(time.pending, 1);
    reader.stop();
    assert.equal(time.pending, 0);
  });
});

describe("the watcher of a file store leaves nothing", limit, () => {
  test("when it was stopped, wherever its folder is then", async (t) => {
    const { path, writer } = await place(t);
    const missing = await Reader.begun(t, path);
    assert.ok(open.size > 0);
    missing.stop();
    await until(() => open.size === 0);
    await writes(writer, null, "first");
    const found = await Reader.begun(t, path);
    assert.equal(open.size, 2);
    found.stop();
    found.stop();
    await until(() => open.size === 0);
    const removed = await Reader.begun(t, path);
    const witness = await Reader.begun(t, path);
    rmSync(path, { recursive: true });
    await Promise.all([removed.reads(null), witness.reads(null)]);
    removed.stop();
    const { times } = removed;
    await writes(writer, null, "again");
    await witness.reads("again");
    witness.stop();
    await until(() => open.size === 0);
    assert.deepEqual([missing.times, found.times, removed.times], [0, 0, times]);
  });

  const endings = {
    "its folder is not there": "",
    "its folder was removed": `
      await store.compareAndSet("key", null, "text");
      const removed = new Promise((resolve) => store.watch("key", resolve));
      await store.read("key");
      rmSync(path, { recursive: true });
      const timer = setInterval(() => {}, 1_000);
      await removed;
      clearInterval(timer);`,
    "nothing can be watched": `
      fs.watch = () => { throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }); };
      syncBuiltinESMExports();`,
  };
  test("that keeps a process alive, where a watcher counts again after each event, as in Deno", async (t) => {
    const { path, writer } = await place(t);
    await writes(writer, null, "first");
    const counted = new Set();
    before = (...args) => {
      const watcher = watch(...args);
      counted.add(watcher);
      watcher.unref = () => counted.delete(watcher);
      return watcher.on("change", () => counted.add(watcher)).on("close", () => counted.delete(watcher));
    };
    const reader = await Reader.begun(t, path);
    assert.equal(open.size, 2);
    assert.equal(counted.size, 0);
    await writes(writer, "first", "second");
    await reader.reads("second");
    await until(() => counted.size === 0);
  });

  for (const [what, body] of Object.entries(endings)) {
    test(`that keeps a process alive, where ${what}`, async (t) => {
      const { code, stderr } = await runModule(`
        import fs, { rmSync } from "node:fs";
        import { syncBuiltinESMExports } from "node:module";
        import { fileStore } from ${JSON.stringify(nodeUrl)};
        const path = ${JSON.stringify(await scratch(t))};
        const store = fileStore(path);
        ${body}
        store.watch("key", () => {});
      `);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    });
  }
});
