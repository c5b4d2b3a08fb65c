/** The store breaks its contract: not an error of its user. */
class ContractError extends Error {
  get name() {
    return "ContractError";
  }
}

/** Milliseconds. */
const LIMIT = 10_000;

function equal(actual, expected, what) {
  if (actual === expected) return;
  const show = (value) =>
    typeof value === "string" && value.length > 80 ? `${value.length} characters` : JSON.stringify(value);
  throw new ContractError(`${what}: ${show(actual)} instead of ${show(expected)}`);
}

const texts = {
  "an ordinary text": '{"v":1,"sid":"a"}',
  "quotes, backslashes and line ends": `"'\\ \n\r\t\0 %00 $1 ?`,
  "every plane of Unicode": "å 你好 🙂 \u{10ffff} \ufeff",
  "sixty-four thousand characters": "0123456789abcdef".repeat(4_000),
};

/** Keys that a store must not mix up, and must not take for paths or patterns. */
const keys = ["a", "A", "a:b", "a:b:c", "a/b", "a%2Fb", "../a", "*", "a\0b", "å", "你好", "x".repeat(500)];

/**
 * The tests that every session store must pass. `open` returns another holder of the same register, as another process or
 * host would have; a test uses several. What the tests store stays there, under random keys.
 *
 * @see SessionStore in index.d.ts
 */
export function storeTests(open) {
  const tests = [];
  const test = (name, body) => tests.push({ name, run: () => inTime(body(crypto.randomUUID())) });

  test("holds nothing at first", async (key) => {
    const store = await open();
    equal(await store.read(key), null, "a key that was never written");
  });

  for (const [what, text] of Object.entries(texts)) {
    test(`gives back ${what}`, async (key) => {
      const [one, other] = [await open(), await open()];
      equal(await one.compareAndSet(key, null, text), true, "the first write");
      equal(await one.read(key), text, "read by its writer");
      equal(await other.read(key), text, "read by another holder");
      equal(await other.compareAndSet(key, text, "next"), true, "replaced by another holder");
      equal(await one.read(key), "next", "what took its place");
    });
  }

  test("replaces nothing but what was expected", async (key) => {
    const store = await open();
    equal(await store.compareAndSet(key, "a", "b"), false, "a text expected where there is none");
    equal(await store.read(key), null, "after that");
    await store.compareAndSet(key, null, "a");
    for (const expected of [null, "b", "A", "a ", "aa", "{a}"]) {
      equal(await store.compareAndSet(key, expected, "c"), false, `${JSON.stringify(expected)} expected where "a" is`);
      equal(await store.read(key), "a", "after that");
    }
  });

  test("removes", async (key) => {
    const [one, other] = [await open(), await open()];
    await one.compareAndSet(key, null, "a");
    equal(await other.compareAndSet(key, "b", null), false, "removal of another text");
    equal(await other.compareAndSet(key, "a", null), true, "removal");
    equal(await one.read(key), null, "after that");
    equal(await one.compareAndSet(key, "a", "b"), false, "a text expected that was removed");
    equal(await one.compareAndSet(key, null, "a"), true, "written once more");
    equal(await other.read(key), "a", "after that");
  });

  test("keeps its keys apart", async (key) => {
    const store = await open();
    const all = keys.map((name) => `${key}:${name}`);
    for (const name of all) equal(await store.compareAndSet(name, null, name), true, `the first write under ${name}`);
    for (const name of all) equal(await store.read(name), name, `the text under ${name}`);
  });

  test("lets one of fifty writers win if all expect the same", async (key) => {
    const holders = await Promise.all([1, 2, 3, 4, 5].map(open));
    await holders[0].compareAndSet(key, null, "start");
    const attempts = Array.from({ length: 50 }, async (_, index) => {
      const next = `by ${index}`;
      return (await holders[index % 5].compareAndSet(key, "start", next)) && next;
    });
    const winners = (await Promise.all(attempts)).filter(Boolean);
    equal(winners.length, 1, "how many won");
    for (const holder of holders) equal(await holder.read(key), winners[0], "what is there afterwards");
  });

  test("loses none of a hundred counts by five", async (key) => {
    const holders = await Promise.all([1, 2, 3, 4, 5].map(open));
    const count = async (store) => {
      for (let counted = 0, tries = 1; counted < 20; tries++) {
        equal(tries < 10_000, true, "whether a holder makes progress");
        const text = await store.read(key);
        if (await store.compareAndSet(key, text, String(Number(text) + 1))) counted += 1;
      }
    };
    await Promise.all(holders.map(count));
    equal(await holders[0].read(key), "100", "the count");
  });

  test("holds its lock, if it has one, for one at a time", async (key) => {
    const holders = await Promise.all([1, 2, 3].map(open));
    if (!holders[0].lock) return;
    const { signal } = new AbortController();
    let inside = 0;
    const enter = async () => {
      inside += 1;
      equal(inside, 1, "how many hold the lock");
      await holders[0].read(key);
      inside -= 1;
      return "done";
    };
    const results = await Promise.all([...holders, ...holders].map((store) => store.lock(key, signal, enter)));
    equal(results.join(), Array(6).fill("done").join(), "what the holders returned");
    equal(await holders[0].lock(key, signal, enter), "done", "what the next one returned");
  });

  test("frees its lock, if it has one, when the holder fails or a waiter leaves", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.lock) return;
    const { signal } = new AbortController();
    const failed = await one
      .lock(key, signal, () => Promise.reject(new Error("on purpose")))
      .catch(({ message }) => message);
    equal(failed, "on purpose", "the holder's own failure");
    let leave;
    const held = new Promise((resolve) => {
      const left = new Promise((done) => {
        leave = done;
      });
      one.lock(key, signal, () => {
        resolve();
        return left;
      });
    });
    await held;
    const waiting = new AbortController();
    let wasGranted = false;
    const withdrawn = other.lock(key, waiting.signal, async () => {
      wasGranted = true;
    });
    waiting.abort();
    equal(
      await withdrawn.then(
        () => "granted",
        () => "rejected",
      ),
      "rejected",
      "a waiter that was withdrawn",
    );
    equal(await other.lock(`${key}:2`, signal, async () => "free"), "free", "the lock of another key");
    leave();
    equal(await other.lock(key, signal, async () => "free"), "free", "the lock afterwards");
    equal(wasGranted, false, "whether the withdrawn waiter ran");
  });

  test("reports the changes of other holders, if it can, until it is told to stop", async (key) => {
    const [one, other] = [await open(), await open()];
    if (!one.watch) return;
    let text = null;
    let times = 0;
    let heard;
    const stop = one.watch(key, () => {
      times += 1;
      heard?.();
    });
    equal(typeof stop, "function", "what watch returned");
    const change = async (next) => {
      equal(await other.compareAndSet(key, text, next), true, "a change");
      text = next;
    };
    // The first change may come before the store has begun to watch.
    for (let round = 0; times === 0; round++) {
      equal(round < 100, true, "whether one of a hundred changes is reported");
      const hearing = new Promise((resolve) => {
        heard = resolve;
      });
      await change(`${round}`);
      await Promise.race([hearing, pause(20)]);
    }
    for (const next of ["a", null]) {
      const before = times;
      const hearing = new Promise((resolve) => {
        heard = () => times > before && resolve();
      });
      await change(next);
      await hearing;
    }
    stop();
    stop();
    const before = times;
    await change("b");
    equal(await one.read(key), "b", "read after the watcher was stopped");
    await pause(50);
    equal(times, before, "how often the watcher was called after it was stopped");
  });

  return tests;
}

/** The timer also keeps the process alive, which a store need not do. */
function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ContractError(`not done in ${LIMIT / 1_000} seconds`)), LIMIT);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
