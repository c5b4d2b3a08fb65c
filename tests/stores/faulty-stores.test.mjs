import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { storeTests } from "../../pkg/store-tests.js";
import { holdersOf, LockedStore, MemoryStore, WatchedStore } from "../shared/stores.mjs";

/** A store that keeps the text of a key under another name. */
const withKeys = (nameOf) =>
  class extends MemoryStore {
    read(key) {
      return super.read(nameOf(key));
    }
    compareAndSet(key, expected, next) {
      return super.compareAndSet(nameOf(key), expected, next);
    }
  };

/** A store that keeps another text than it was given. */
const withTexts = (kept) =>
  class extends MemoryStore {
    compareAndSet(key, expected, next) {
      const [from, to] = [expected, next].map((text) => (text === null ? null : kept(text)));
      return super.compareAndSet(key, from, to);
    }
  };

/** A store that takes texts for the same that are not. */
const comparing = (seen) =>
  class extends MemoryStore {
    compareAndSet(key, expected, next) {
      const held = this.read(key);
      const isSame = held === null || expected === null ? held === expected : seen(held) === seen(expected);
      return isSame && super.compareAndSet(key, held, next);
    }
  };

/** A store that is seen in the middle of a swap. */
const torn = (half) =>
  class extends MemoryStore {
    async compareAndSet(key, expected, next) {
      if (this.read(key) !== expected) return false;
      this.values.set(key, half(next));
      for (let turn = 0; turn < 5; turn++) await null;
      this.values.set(key, next);
      return true;
    }
  };

/** A store that answers while it fails. */
const failing = (answers) =>
  class extends MemoryStore {
    read(key) {
      return this.isDown && "read" in answers ? answers.read : this.answer(() => super.read(key));
    }
    compareAndSet(key, expected, next) {
      return this.isDown && "swap" in answers
        ? answers.swap
        : this.answer(() => super.compareAndSet(key, expected, next));
    }
    answer(give) {
      if (this.isDown) throw new Error("down");
      return give();
    }
  };

class OneWatcher extends WatchedStore {
  watch(key, changed) {
    this.watchers.clear();
    return super.watch(key, changed);
  }
}

class OneWatcherForEachKey extends WatchedStore {
  watch(key, changed) {
    for (const watcher of this.watchers) if (watcher.key === key) this.watchers.delete(watcher);
    return super.watch(key, changed);
  }
}

class StopsAll extends WatchedStore {
  watch(key, changed) {
    super.watch(key, changed);
    return () => this.watchers.clear();
  }
}

/** A lock that is anybody's when it has been held for 30 ms. */
class Lease extends MemoryStore {
  until = new Map();

  async lock(key, signal, run) {
    while (this.until.get(key) > performance.now()) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    signal.throwIfAborted();
    const end = performance.now() + 30;
    this.until.set(key, end);
    try {
      return await run();
    } finally {
      if (this.until.get(key) === end) this.until.delete(key);
    }
  }
}

class DeafOnceAborted extends LockedStore {
  lock(key, signal, run) {
    return super.lock(key, signal.aborted ? new AbortController().signal : signal, run);
  }
}

class LosesWhatItWrote extends MemoryStore {
  kill() {
    this.values.clear();
  }
}

class SaysNotChanged extends MemoryStore {
  compareAndSet(key, expected, next) {
    return expected !== next && super.compareAndSet(key, expected, next);
  }
}

const lent = { hold: 100 };
const kill = (store) => store.kill?.();
const fail = (store) => {
  store.isDown = true;
  return () => {
    store.isDown = false;
  };
};

/** Stores that sign one user in as another, or lose a session, and a test that each of them fails. */
const faulty = {
  "cuts keys at 64 characters": [withKeys((key) => key.slice(0, 64)), /long keys/],
  "cuts keys at 255 characters": [withKeys((key) => key.slice(0, 255)), /long keys/],
  "cuts keys at 1,024 characters": [withKeys((key) => key.slice(0, 1_024)), /long keys/],
  "keeps the last 64 characters of keys": [withKeys((key) => key.slice(-64)), /long keys/],
  "trims keys": [withKeys((key) => key.trim()), /its keys apart/],
  "normalises keys to NFC": [withKeys((key) => key.normalize("NFC")), /its keys apart/],
  "normalises keys to NFKC": [withKeys((key) => key.normalize("NFKC")), /its keys apart/],
  "takes accents in keys for nothing": [
    withKeys((key) => key.normalize("NFD").replace(/\p{M}/gu, "")),
    /its keys apart/,
  ],
  "compares the first 64 characters": [comparing((text) => text.slice(0, 64)), /whole of a text/],
  "compares the first 4,096 characters": [comparing((text) => text.slice(0, 4_096)), /whole of a text/],
  "compares lengths": [comparing(({ length }) => length), /whole of a text/],
  "compares trimmed texts": [comparing((text) => text.trim()), /what was expected/],
  "compares normalised texts": [comparing((text) => text.normalize()), /whole of a text/],
  "cuts texts at 64,000 characters": [withTexts((text) => text.slice(0, 64_000)), /two hundred thousand/],
  "cuts texts at 65,535 characters": [withTexts((text) => text.slice(0, 65_535)), /two hundred thousand/],
  "trims texts": [withTexts((text) => text.trim()), /white space/],
  "normalises texts": [withTexts((text) => text.normalize()), /Unicode can also write/],
  "takes an empty text for none": [withTexts((text) => text || null), /empty text/],
  "writes a text in two halves": [torn((text) => text.slice(0, text.length / 2)), /whole texts/],
  "removes a text before it writes the next": [torn(() => null), /whole texts/],
  "has one watcher": [OneWatcher, /to each that watches/],
  "has one watcher for each key": [OneWatcherForEachKey, /to each that watches/],
  "stops all of its watchers": [StopsAll, /to each that watches/],
  "says of an error that there is nothing": [failing({ read: null }), /while it fails/, { fail }],
  "says of an error that another was there": [failing({ swap: false }), /while it fails/, { fail }],
  "says of an error that it has written": [failing({ swap: true }), /while it fails/, { fail }],
  "has a lease for a lock": [Lease, /as long as it is needed/, lent],
  "does not hear that a waiter left before": [DeafOnceAborted, /leave/, lent],
  "holds the lock of the dead": [LockedStore, /holder dies/, { ...lent, kill }],
  "loses what the dead wrote": [LosesWhatItWrote, /holder dies/, { kill }],
  "says that a text was not replaced by itself": [SaysNotChanged, /by itself/],
};

/** One after another, since a store that fails does so for all of them. */
async function failuresOf(tests) {
  const failures = [];
  for (const { name, run } of tests) await run().catch((error) => failures.push(`${name}: ${error}`));
  return failures;
}

describe("a store that", { concurrency: true }, () => {
  for (const [what, [Store, name, options]] of Object.entries(faulty)) {
    test(`${what} does not pass`, async () => {
      const tests = storeTests(holdersOf(new Store()), options).filter((each) => name.test(each.name));
      assert.equal(tests.length, 1);
      const [failure] = await failuresOf(tests);
      assert.match(failure, /ContractError/);
    });
  }

  test("is one and the same for all holders does not pass", async () => {
    const store = new MemoryStore();
    const failures = await failuresOf(storeTests(() => store));
    assert.equal(failures.length, 1);
    assert.match(failures[0], /one and the same store/);
  });

  test("fails, and says so, passes; and so does one whose holders die", async () => {
    assert.deepEqual(await failuresOf(storeTests(holdersOf(new (failing({}))()), { fail, kill })), []);
  });
});
