import type { SessionStore } from "../core/index.js";

/** One rule of the contract of a store. `run` rejects if the store breaks it. */
export interface StoreTest {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * The tests that every session store has to pass, for any runner:
 * `for (const { name, run } of storeTests(open)) test(name, run)`.
 * `open` returns another holder of the same register each time, as another process or host would have. What the tests
 * store stays there, under random keys. `lock` and `watch` are tested if the store has them.
 */
export declare function storeTests(open: () => SessionStore | Promise<SessionStore>): readonly StoreTest[];
