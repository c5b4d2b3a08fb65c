import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gate } from "../shared/fake-server.mjs";
import { rejection, stayAlive } from "../shared/waiting.mjs";
import { inProcess, scratch, takeTurns } from "./file-store-holder.mjs";
import { inWindows } from "./windows.mjs";

after(stayAlive());

const key = "key";
const { signal } = new AbortController();
const claimed = (locked) => `{"claim":7,"claim_locked":${locked}}`;

async function open(t, path, guid = "a-guid") {
  const store = await inProcess(path, inWindows(path, guid));
  t.after(() => store.kill());
  return store;
}

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

const skip = process.platform !== "linux" && "pipes have their stand-in in Linux alone";

describe("the lock of a file store by a named pipe, with a stand-in for Windows", { skip, timeout: 60_000 }, () => {
  test("is held by one of many at a time, in many rounds, and leaves no file", async (t) => {
    const path = await scratch(t);
    const stores = await Promise.all([1, 2, 3].map(() => open(t, path)));
    assert.equal(await takeTurns(stores, path, key), 60);
    const [folder] = await readdir(path);
    assert.deepEqual(await readdir(join(path, folder)), []);
  });

  test("of a process that is stopped is held, and free when that is killed", async (t) => {
    const path = await scratch(t);
    const [holder, store] = await Promise.all([open(t, path), open(t, path)]);
    await hold(holder);
    holder.child.kill("SIGSTOP");
    const order = [];
    const waiting = store.lock(key, signal, async () => order.push("granted"));
    for (let turn = 0; turn < 20; turn++) await store.read(key);
    order.push("killed");
    await holder.kill();
    await waiting;
    assert.deepEqual(order, ["killed", "granted"]);
  });

  test("is not waited for by who leaves, and is one for each key and each folder", async (t) => {
    const path = await scratch(t);
    const [holder, store] = await Promise.all([open(t, path), open(t, path)]);
    const giveBack = await hold(holder);
    const controller = new AbortController();
    const left = rejection(store.lock(key, controller.signal, async () => "not held"));
    assert.equal(await store.lock("another", signal, async () => "held"), "held");
    const elsewhere = await open(t, `${path}-2`);
    assert.equal(await elsewhere.lock(key, signal, async () => "held"), "held");
    controller.abort();
    await left;
    await giveBack();
    assert.equal(await store.lock(key, signal, async () => "held"), "held");
  });

  test("has the claims of its own machine under it, and none of another's", async (t) => {
    const path = await scratch(t);
    const [store, beside, another] = await Promise.all([open(t, path), open(t, path), open(t, path, "another-guid")]);
    await store.compareAndSet(key, null, claimed(1));
    assert.deepEqual([await beside.read(key), await another.read(key)], [1, 0].map(claimed));
  });
});
