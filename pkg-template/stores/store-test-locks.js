import { deferred, equal, outcome, pause } from "./store-contract.js";

const never = () => new AbortController().signal;

/** Takes the lock of a key: `result` settles when `release` was called and the lock let go of. */
async function take(store, key) {
  const [held, released] = [deferred(), deferred()];
  const result = store.lock(key, never(), () => {
    held.resolve();
    return released.promise;
  });
  await Promise.race([held.promise, result]);
  return { result, release: () => released.resolve("done") };
}

/** The tests of `lock`. `hold` is for how many milliseconds one is held, `kill` ends a holder as a crash would. */
export function lockTests(test, open, { hold, kill }) {
  test("holds its lock, if it has one, for one at a time", async (key) => {
    const holders = await Promise.all([1, 2, 3].map(open));
    if (!holders[0].lock) return;
    let inside = 0;
    const enter = async () => {
      inside += 1;
      equal(inside, 1, "how many hold the lock");
      await holders[0].read(key);
      inside -= 1;
      return "done";
    };
    const results = await Promise.all([...holders, ...holders].map((store) => store.lock(key, never(), enter)));
    equal(results.join(), Array(6).fill("done").join(), "what the holders returned");
    equal(await holders[0].lock(key, never(), enter), "done", "what the next one returned");
  });

  test("holds its lock, if it has one, for as long as it is needed", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.lock) return;
    const first = await take(one, key);
    let isOver = false;
    const next = other.lock(key, never(), async () => isOver);
    await Promise.race([next, pause(hold)]);
    isOver = true;
    first.release();
    equal(await first.result, "done", "what the holder returned");
    equal(await next, true, "whether the next one had to wait");
  });

  test("frees its lock, if it has one, when the holder fails", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.lock) return;
    const failed = one.lock(key, never(), () => Promise.reject(new Error("on purpose")));
    equal(await failed.catch(({ message }) => message), "on purpose", "the holder's own failure");
    equal(await other.lock(key, never(), async () => "free"), "free", "the lock afterwards");
  });

  test("lets those who wait for its lock, if it has one, leave", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.lock) return;
    let wasGranted = false;
    const run = async () => {
      wasGranted = true;
    };
    equal(await outcome(other.lock(key, AbortSignal.abort(), run)), "rejected", "who leaves before it is asked for");
    const first = await take(one, key);
    equal(await outcome(other.lock(key, AbortSignal.abort(), run)), "rejected", "who leaves at once");
    const waiting = new AbortController();
    const withdrawn = outcome(other.lock(key, waiting.signal, run));
    await pause(20);
    waiting.abort();
    equal(await withdrawn, "rejected", "who leaves while it waits");
    equal(await other.lock(`${key}:2`, never(), async () => "free"), "free", "the lock of another key");
    first.release();
    equal(await first.result, "done", "what the holder returned");
    equal(await other.lock(key, never(), async () => "free"), "free", "the lock afterwards");
    equal(wasGranted, false, "whether one that had left was granted it");
  });

  if (!kill) return;
  test("frees its lock, if it has one, when the holder dies, and keeps what it wrote", async (key) => {
    const [one, other] = [await open(), await open()];
    equal(await one.compareAndSet(key, null, "a"), true, "the first write");
    const first = one.lock && (await take(one, key));
    first?.result.catch(() => {});
    await kill(one);
    equal(await other.read(key), "a", "what the dead holder wrote");
    if (first) equal(await other.lock(key, never(), async () => "free"), "free", "the lock afterwards");
  });
}
