import { deferred, equal, outcome, pause } from "./store-contract.js";

/** Milliseconds in which a store that fails may also not answer. */
const PATIENCE = 1_000;

/** A watcher that counts. */
function watched(store, key) {
  const heard = { times: 0 };
  let next = deferred();
  heard.stop = store.watch(key, () => {
    heard.times += 1;
    next.resolve();
    next = deferred();
  });
  equal(typeof heard.stop, "function", "what watch returned");
  heard.again = () => next.promise;
  return heard;
}

/** Changes a key's text again and again, until that holds: a change may come before the store has begun to watch. */
function changer(store, key) {
  let text = null;
  const change = async (next) => {
    equal(await store.compareAndSet(key, text, next), true, "a change");
    text = next;
  };
  return {
    change,
    async until(holds, watcher) {
      for (let round = 0; !holds(); round++) {
        equal(round < 100, true, "whether one of a hundred changes is reported");
        const hearing = watcher.again();
        await change(`${round}`);
        await Promise.race([hearing, pause(20)]);
      }
    },
  };
}

/** The tests of `watch`, and of failures: `fail` makes a holder unable to reach what it shares, and returns how to mend it. */
export function hintTests(test, open, { fail }) {
  test("reports the changes of other holders, if it can, until it is told to stop", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.watch) return;
    const watcher = watched(one, key);
    const { change, until } = changer(other, key);
    await until(() => watcher.times > 0, watcher);
    for (const next of ["a", null]) {
      const before = watcher.times;
      await change(next);
      while (watcher.times === before) await watcher.again();
    }
    watcher.stop();
    watcher.stop();
    const before = watcher.times;
    await change("b");
    equal(await one.read(key), "b", "read after the watcher was stopped");
    await pause(50);
    equal(watcher.times, before, "how often the watcher was called after it was stopped");
  });

  test("reports a change, if it can, to each that watches, of one key or of several", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.watch) return;
    const [first, second, third] = [watched(one, key), watched(one, key), watched(one, `${key}:2`)];
    const [mine, others] = [changer(other, key), changer(other, `${key}:2`)];
    await mine.until(() => first.times > 0, first);
    await mine.until(() => second.times > 0, second);
    await others.until(() => third.times > 0, third);
    for (const watcher of [first, second]) {
      const before = watcher.times;
      await mine.change(`${before}:again`);
      await mine.until(() => watcher.times > before, watcher);
    }
    second.stop();
    const before = first.times;
    await mine.change("the other has stopped");
    await mine.until(() => first.times > before, first);
    first.stop();
    third.stop();
  });

  if (!fail) return;
  test("gives no answer while it fails, and goes on after that", async (key) => {
    const [one, other] = [await open(), await open()];
    equal(await one.compareAndSet(key, null, "a"), true, "the first write");
    const mend = await fail(one);
    try {
      for (const [what, ask] of [
        ["a read", async () => one.read(key)],
        ["a swap of what is there", async () => one.compareAndSet(key, "a", "a")],
        ["a swap of what is not there", async () => one.compareAndSet(key, "b", "a")],
        ["a removal", async () => one.compareAndSet(key, "b", null)],
      ]) {
        equal(await Promise.race([outcome(ask()), pause(PATIENCE).then(() => "rejected")]), "rejected", what);
      }
    } finally {
      await mend();
    }
    while ((await outcome((async () => one.read(key))())) === "rejected") await pause(20);
    equal(await one.read(key), "a", "read after it was mended");
    equal(await other.read(key), "a", "read by another holder");
  });
}
