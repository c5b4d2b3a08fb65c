import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import timers from "node:timers";
import { fileStore } from "../../pkg/node.js";
import { gate } from "../shared/fake-server.mjs";
import { length } from "../shared/lengths.mjs";
import { scratch } from "./file-store-holder.mjs";

const key = "key";
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const { worlds: WORLDS } = length;
const NAMES = ["link", "lstat", "mkdir", "open", "readdir", "unlink"];
const HANDLE_NAMES = ["close", "readFile", "stat", "sync", "writeFile"];

/** Before each call of the file system by a writer: `pause(name)`, which may never resolve. */
const writer = new AsyncLocalStorage();
const real = {};
/** What closes the files that killed writers had open. */
const opened = [];
function paused(call, name) {
  return async (...args) => {
    await writer.getStore()?.(name);
    return call(...args);
  };
}
const { setTimeout } = timers;
before(() => {
  timers.setTimeout = () => setTimeout(() => {}).unref();
  for (const name of NAMES) {
    real[name] = promises[name];
    promises[name] = paused(real[name], name);
  }
  const { open } = promises;
  promises.open = async (...args) => {
    const handle = await open(...args);
    if (!writer.getStore()) return handle;
    const close = handle.close.bind(handle);
    opened.push(() => close().catch(() => {}));
    for (const name of HANDLE_NAMES) handle[name] = paused(handle[name].bind(handle), name);
    return handle;
  };
  syncBuiltinESMExports();
});
after(() => {
  Object.assign(promises, real);
  timers.setTimeout = setTimeout;
  syncBuiltinESMExports();
});

/** Numbers in [0, 1) that a seed decides (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Writers that count in one register. One call of the file system is made at a time, by a writer that the seed chooses,
 * with a liking of its own for each, so that some are far behind. Some are killed.
 */
class World {
  acknowledged = 0;
  killed = 0;
  #waiting = new Map();

  constructor(path, seed) {
    this.path = path;
    this.random = random(seed);
  }

  async play() {
    const count = 2 + Math.floor(this.random() * 3);
    for (let name = 0; name < count; name++) this.#start(name);
    while (this.#waiting.size) {
      const [chosen, { step, liking }] = this.#choose();
      this.#waiting.delete(chosen);
      if (this.random() < 0.004) {
        this.killed += 1;
        continue;
      }
      if (this.random() < 0.1) liking.value = this.random() ** 4;
      const idle = gate();
      this.idle = idle.open;
      step();
      await idle.promise;
    }
  }

  #choose() {
    const all = [...this.#waiting];
    let at = this.random() * all.reduce((sum, [, { liking }]) => sum + liking.value, 0);
    return (
      all.find(([, { liking }]) => {
        at -= liking.value;
        return at <= 0;
      }) ?? all[0]
    );
  }

  #start(name) {
    const liking = { value: this.random() ** 2 };
    const pause = () =>
      new Promise((step) => {
        this.#waiting.set(name, { step, liking });
        this.idle?.();
      });
    writer.run(pause, async () => {
      await this.#count(name);
      this.idle?.();
    });
  }

  async #count() {
    const store = fileStore(this.path);
    for (let counted = 0; counted < 4; ) {
      const least = this.acknowledged;
      const text = await store.read(key);
      if (Number(text) < least) this.error ??= `read ${text} after ${least} were counted`;
      if (await store.compareAndSet(key, text, String(Number(text) + 1))) {
        this.acknowledged += 1;
        counted += 1;
      }
    }
  }
}

describe("writers whose every call may come before or after any of another's", () => {
  test(`lose and repeat nothing in ${WORLDS} worlds, and leave one file`, async (t) => {
    const path = await scratch(t, memory);
    let kills = 0;
    for (let seed = Number(process.env.SEED ?? 1); seed <= Number(process.env.SEED ?? WORLDS); seed++) {
      const world = new World(path, seed);
      await world.play();
      const store = fileStore(path);
      const text = await store.read(key);
      const least = world.acknowledged;
      assert.equal(world.error, undefined, `seed ${seed}`);
      assert.ok(Number(text) >= least && Number(text) <= least + world.killed, `seed ${seed}: ${text} for ${least}`);
      const [folder] = readdirSync(path);
      const left = readdirSync(join(path, folder)).length;
      assert.ok(left <= 2 + 2 * world.killed, `seed ${seed}: ${left} files`);
      assert.equal(await store.compareAndSet(key, text, "end"), true, `seed ${seed}`);
      assert.equal(readdirSync(join(path, folder)).length, 1, `seed ${seed}`);
      kills += world.killed;
      rmSync(path, { recursive: true });
      for (const close of opened.splice(0)) await close();
    }
    t.diagnostic(`${kills} writers were killed`);
  });
});

/** Stops a writer before its call of that name, for the given time. */
function stopped(name, count = 1) {
  const [reached, go] = [gate(), gate()];
  let left = count;
  const pause = (call) => {
    if (call !== name || --left !== 0) return;
    reached.open();
    return go.promise;
  };
  return { pause, reached: reached.promise, go: go.open };
}

describe("a writer that was stopped", () => {
  for (const [name, count] of [["open"], ["writeFile"], ["readdir", 2], ["link"]]) {
    test(`before ${name} while a hundred others wrote has lost, and leaves nothing`, async (t) => {
      const path = await scratch(t, memory);
      const store = fileStore(path);
      await store.compareAndSet(key, null, "0");
      const { pause, reached, go } = stopped(name, count);
      const late = writer.run(pause, () => fileStore(path).compareAndSet(key, "0", "late"));
      await reached;
      for (let count = 0; count < 100; count++) {
        assert.equal(await store.compareAndSet(key, `${count}`, `${count + 1}`), true);
      }
      go();
      assert.equal(await late, false);
      assert.equal(await store.read(key), "100");
      const [folder] = readdirSync(path);
      const files = readdirSync(join(path, folder));
      assert.equal(files.length, 1);
      assert.match(readFileSync(join(path, folder, files[0]), "utf8"), /"value":"100"/);
    });
  }

  for (const removals of [0, 1, 2, 3, 4]) {
    test(`before link has lost to two who were killed, the last after ${removals} removals`, async (t) => {
      const path = await scratch(t, memory);
      await fileStore(path).compareAndSet(key, null, "0");
      const late = stopped("link");
      const result = writer.run(late.pause, () => fileStore(path).compareAndSet(key, "0", "late"));
      await late.reached;
      const first = stopped("unlink", 1);
      writer.run(first.pause, () => fileStore(path).compareAndSet(key, "0", "1"));
      await first.reached;
      const second = stopped("unlink", removals + 1);
      const written = writer.run(second.pause, () => fileStore(path).compareAndSet(key, "1", "2"));
      await Promise.race([second.reached, written]);
      late.go();
      assert.equal(await result, false);
      assert.equal(await fileStore(path).read(key), "2");
    });
  }

  test("before link wins if the value is again what it expected", async (t) => {
    const path = await scratch(t, memory);
    const store = fileStore(path);
    await store.compareAndSet(key, null, "a");
    const { pause, reached, go } = stopped("link");
    const late = writer.run(pause, () => fileStore(path).compareAndSet(key, "a", "c"));
    await reached;
    await store.compareAndSet(key, "a", "b");
    await store.compareAndSet(key, "b", "a");
    go();
    assert.equal(await late, true);
    assert.equal(await store.read(key), "c");
  });
});
