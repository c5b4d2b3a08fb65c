import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import promises, { mkdir, readdir } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { gate } from "../shared/fake-server.mjs";
import { rejection, stayAlive } from "../shared/waiting.mjs";
import { inProcess, inWorker, scratch, takeTurns } from "./file-store-holder.mjs";

after(stayAlive());

const key = "key";
const { signal } = new AbortController();

/** Resolves when the store holds the lock, to what gives it back. */
async function hold(store) {
  const [held, left] = [gate(), gate()];
  const done = store.lock(key, signal, () => {
    held.open();
    return left.promise;
  });
  done.catch(() => {});
  await Promise.race([held.promise, done]);
  return async () => {
    left.open();
    await done;
  };
}

async function assertHeldUntilKilled(path, holder) {
  const order = [];
  const waiter = fileStore(path).lock(key, signal, async () => order.push("granted"));
  for (let turn = 0; turn < 100; turn++) await readdir(path);
  order.push("killed");
  await holder.kill();
  await waiter;
  assert.deepEqual(order, ["killed", "granted"]);
}

describe("the lock of a file store", { skip: process.platform === "win32" && "there is none on Windows" }, () => {
  for (const [what, open] of Object.entries({ "a killed process": inProcess, "a terminated worker": inWorker })) {
    test(`of ${what} is free, and goes to one of those who wait`, async (t) => {
      const path = await scratch(t);
      const holder = await open(path);
      t.after(() => holder.kill());
      await hold(holder);
      let inside = 0;
      const waiters = [1, 2, 3].map(() =>
        fileStore(path).lock(key, signal, async () => {
          inside += 1;
          assert.equal(inside, 1);
          await readdir(path);
          inside -= 1;
        }),
      );
      await holder.kill();
      await Promise.all(waiters);
      const giveBack = await hold(fileStore(path));
      await giveBack();
    });
  }

  test("of a process that is stopped is held, until that is killed", async (t) => {
    const path = await scratch(t);
    const holder = await inProcess(path);
    t.after(() => holder.kill());
    await hold(holder);
    holder.child.kill("SIGSTOP");
    await assertHeldUntilKilled(path, holder);
  });

  test("is one for the containers that share its folder, though not a network", async (t) => {
    const under = ["unshare", "--net"];
    try {
      execFileSync(under[0], [...under.slice(1), "true"], { stdio: "pipe" });
    } catch {
      return t.skip("no network namespace can be made here");
    }
    const path = await scratch(t);
    const holder = await inProcess(path, under);
    t.after(() => holder.kill());
    await hold(holder);
    await assertHeldUntilKilled(path, holder);
  });

  test("is held by one of many at a time, in many rounds", async (t) => {
    const path = await scratch(t);
    const holders = [];
    for (const open of [inProcess, inProcess, inWorker, inWorker, fileStore, fileStore]) holders.push(await open(path));
    t.after(() => Promise.all(holders.map((holder) => holder.kill?.())));
    assert.equal(await takeTurns(holders, path, key), 120);
    const [folder] = await readdir(path);
    assert.equal((await readdir(join(path, folder))).length, 1);
  });

  test("is not waited for by who has left already, nor by who leaves", async (t) => {
    const path = await scratch(t);
    const giveBack = await hold(fileStore(path));
    const reason = new Error("left");
    let isGranted = false;
    const run = async () => {
      isGranted = true;
    };
    assert.equal(await rejection(fileStore(path).lock(key, AbortSignal.abort(reason), run)), reason);
    for (const turns of [0, 1, 2, 5, 10, 50]) {
      const controller = new AbortController();
      const left = rejection(fileStore(path).lock(key, controller.signal, run));
      for (let turn = 0; turn < turns; turn++) await readdir(path);
      controller.abort(reason);
      assert.equal(await left, reason);
    }
    await giveBack();
    assert.equal(isGranted, false);
    await (await hold(fileStore(path)))();
  });

  test("that was had too late is given back", async (t) => {
    const path = await scratch(t);
    const { link } = promises;
    const linked = gate();
    promises.link = async (...args) => {
      await linked.promise;
      return link(...args);
    };
    syncBuiltinESMExports();
    t.after(() => {
      promises.link = link;
      syncBuiltinESMExports();
    });
    const error = await rejection(fileStore(path).lock(key, signal, async () => {}));
    assert.match(error.message, /does not answer/);
    linked.open();
    assert.equal(await fileStore(path).lock(key, signal, async () => "held"), "held");
  });

  test("of another kernel or an earlier boot is left alone, and removed when it is 30 days old", async (t) => {
    const path = await scratch(t);
    await fileStore(path).compareAndSet(key, null, "text");
    const folder = join(path, (await readdir(path))[0]);
    const days = (count) => new Date(Date.now() - count * 24 * 60 * 60 * 1_000);
    for (const [name, time] of Object.entries({ "lock00000000-7": days(29), "lock11111111-7": days(31) })) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), time, time);
    }
    await fileStore(path).lock(key, signal, async () => {});
    const [old, own, session] = (await readdir(folder)).sort();
    assert.deepEqual([old, session], ["lock00000000-7", "session-1"]);
    assert.match(own, /^lock[\da-f]{8}-1$/);
  });

  test("is refused where there can be none, and not held then", async (t) => {
    const path = join(await scratch(t), "x".repeat(100));
    const store = fileStore(path);
    let isGranted = false;
    const run = async () => {
      isGranted = true;
    };
    assert.match((await rejection(store.lock(key, signal, run))).message, /too long for a socket/);
    assert.equal(await store.compareAndSet(key, null, "text"), true);
    const other = await scratch(t);
    await fileStore(other).compareAndSet(key, null, "text");
    const [folder] = await readdir(other);
    await fileStore(other).lock(key, signal, async () => {});
    const [lock] = (await readdir(join(other, folder))).sort();
    const version = (number) => join(other, folder, lock.replace("-1", `-${number}`));
    writeFileSync(version(2), "");
    assert.match((await rejection(fileStore(other).lock(key, signal, run))).message, /-2 is no socket/);
    symlinkSync("nothing", version(3));
    assert.match((await rejection(fileStore(other).lock(key, signal, run))).message, /-3 is no socket/);
    await mkdir(version(4));
    assert.match((await rejection(fileStore(other).lock(key, signal, run))).message, /-4 is no socket/);
    assert.equal(isGranted, false);
  });
});
