import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { storeTests } from "../../pkg/store-tests.js";
import { holdersOf, LockedStore, MemoryStore, WatchedStore } from "../shared/stores.mjs";

for (const [what, Store] of Object.entries({ MemoryStore, WatchedStore, LockedStore })) {
  describe(what, () => {
    for (const { name, run } of storeTests(holdersOf(new Store()))) test(name, run);
  });
}

/** Stores that break one promise each, and the test that says so. */
const broken = {
  "does not compare": class extends WatchedStore {
    compareAndSet(key, _expected, next) {
      return super.compareAndSet(key, this.read(key), next);
    }
  },
  "compares before it waits": class extends MemoryStore {
    async compareAndSet(key, expected, next) {
      if (this.read(key) !== expected) return false;
      await null;
      return super.compareAndSet(key, this.read(key), next);
    }
  },
  "takes null for a text": class extends MemoryStore {
    read(key) {
      return super.read(key) ?? "";
    }
  },
  "does not remove": class extends MemoryStore {
    compareAndSet(key, expected, next) {
      return next === null ? this.read(key) === expected : super.compareAndSet(key, expected, next);
    }
  },
  "mixes keys that differ in case": class extends MemoryStore {
    read(key) {
      return super.read(key.toLowerCase());
    }
    compareAndSet(key, expected, next) {
      return super.compareAndSet(key.toLowerCase(), expected, next);
    }
  },
  "keeps Latin-1 alone": class extends MemoryStore {
    read(key) {
      return super.read(key)?.replace(/[^\0-\xff]/gu, "?") ?? null;
    }
  },
  "has a lock for everybody": class extends LockedStore {
    lock(_key, _signal, run) {
      return run();
    }
  },
  "does not free its lock": class extends LockedStore {
    async lock(key, signal, run) {
      const result = await super.lock(key, signal, run);
      this.held.add(key);
      return result;
    }
  },
  "does not let a waiter leave": class extends LockedStore {
    lock(key, _signal, run) {
      return super.lock(key, new AbortController().signal, run);
    }
  },
  "goes on telling": class extends WatchedStore {
    watch(key, changed) {
      super.watch(key, changed);
      return () => {};
    }
  },
  "never tells": class extends MemoryStore {
    watch() {
      return () => {};
    }
  },
};

describe("a store that", { concurrency: true }, () => {
  for (const [what, Store] of Object.entries(broken)) {
    test(`${what} does not pass`, async () => {
      const results = storeTests(holdersOf(new Store())).map(({ run }) => run().then(() => undefined, String));
      const failures = (await Promise.all(results)).filter(Boolean);
      assert.notDeepEqual(failures, []);
    });
  }
});
