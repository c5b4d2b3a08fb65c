import { equal, inTime, pause } from "./store-contract.js";
import { hintTests } from "./store-test-hints.js";
import { lockTests } from "./store-test-locks.js";

/** Milliseconds for a test, beside those for which a lock is held. */
const LIMIT = 10_000;

/** Milliseconds for which a lock is held: a lease that is shorter runs out. */
const HOLD = 3_000;

const texts = {
  "an ordinary text": '{"v":1,"sid":"a"}',
  "quotes, backslashes and line ends": `"'\\ \n\r\t\0 %00 $1 ?`,
  "every plane of Unicode": "å 你好 🙂 \u{10ffff} \ufeff",
  "what Unicode can also write otherwise": "\u00e9 e\u0301 \u00c5 \u212b A\u030a \ufb01 \u2126 \uac00 \u1100\u1161",
  "white space around a text": " \t\n a \r\n ",
  "an empty text": "",
  "two hundred thousand characters": `${"0123456789abcdef".repeat(12_500)}.`,
};

/** Keys that a store must not mix up, and must not take for paths or patterns. */
const keys = [
  ...["a", "A", "a:b", "a:b:c", "a/b", "a%2Fb", "../a", "*", "?", "a\0b", "a\0", "å", "你好"],
  ...["a ", " a", "a\n", "a\t", "aa", "a:", "a/", "á", "a\u0301", "\ufb01", "fi", "ß", "ss", "ı", "i", "I"],
];

/** How many characters a long key, or text, has in common with another. */
const COMMON = [63, 64, 255, 256, 1_024, 4_000];
const LONG_TEXTS = [64, 255, 4_096, 64_000, 65_535];

/**
 * The tests that every session store must pass. `open` returns another holder of the same register, as another process or
 * host would have; a test uses several. What the tests store stays there, under random keys.
 *
 * @see SessionStore in index.d.ts
 */
export function storeTests(open, { hold = HOLD, fail, kill } = {}) {
  const tests = [];
  const test = (name, body) => tests.push({ name, run: () => inTime(body(crypto.randomUUID()), LIMIT + hold) });

  test("is opened by each holder for itself", async () => {
    const [one, other] = [await open(), await open()];
    equal(one === other, false, "whether two holders have one and the same store");
  });

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

  test("compares the whole of a text", async (key) => {
    const store = await open();
    let held = null;
    for (const length of LONG_TEXTS) {
      const next = `${"x".repeat(length)}a`;
      equal(await store.compareAndSet(key, held, next), true, `${length + 1} characters`);
      held = next;
      for (const expected of [`${"x".repeat(length)}b`, "x".repeat(length), `y${next.slice(1)}`, `${next} `]) {
        equal(await store.compareAndSet(key, expected, "c"), false, `another text of ${expected.length} expected`);
      }
      equal(await store.read(key), held, "after that");
    }
    const forms = ["\u00e9", "e\u0301"];
    equal(await store.compareAndSet(key, held, forms[0]), true, "a text of Unicode");
    equal(await store.compareAndSet(key, forms[1], "c"), false, "its other form expected");
  });

  test("replaces a text by itself, and nothing by nothing", async (key) => {
    const store = await open();
    equal(await store.compareAndSet(key, null, null), true, "nothing by nothing");
    equal(await store.read(key), null, "after that");
    await store.compareAndSet(key, null, "a");
    equal(await store.compareAndSet(key, "a", "a"), true, "a text by itself");
    equal(await store.compareAndSet(key, "b", "b"), false, "another text by itself");
    equal(await store.read(key), "a", "after that");
  });

  test("gives whole texts while they are replaced", async (key) => {
    const [writer, ...readers] = [await open(), await open(), await open()];
    const whole = [..."abc"].map((letter) => letter.repeat(20_000));
    await writer.compareAndSet(key, null, whole[0]);
    let isOver = false;
    const write = async () => {
      for (let round = 0; round < 30; round++) {
        equal(await writer.compareAndSet(key, whole[round % 3], whole[(round + 1) % 3]), true, "a swap");
      }
    };
    const readAll = async (store) => {
      for (let count = 1; !isOver; count++) {
        equal(whole.includes(await store.read(key)), true, "whether a text that was read is whole");
        if (count % 8 === 0) await pause(0);
      }
    };
    const reading = readers.map(readAll);
    const writing = write().finally(() => {
      isOver = true;
    });
    await Promise.all([writing, ...reading]);
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

  test("keeps long keys apart that are almost the same", async (key) => {
    const store = await open();
    for (const length of COMMON) {
      const common = key.padEnd(length, "x");
      const all = [`${common}a`, `${common}b`, `${common}a${common}`, `b${common}a`, `${common}a `];
      for (const name of all) equal(await store.read(name), null, `a key of ${name.length} that was never written`);
      for (const name of all) equal(await store.compareAndSet(name, null, name), true, `a key of ${name.length}`);
      for (const name of all) equal(await store.read(name), name, `the text of a key of ${name.length}`);
    }
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

  lockTests(test, open, { hold, kill });
  hintTests(test, open, { fail });
  return tests;
}
