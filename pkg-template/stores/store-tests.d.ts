import type { SessionStore } from "../core/index.js";

/** One rule of the contract of a store. `run` rejects if the store breaks it. */
export interface StoreTest {
  readonly name: string;
  run(): Promise<void>;
}

export interface StoreTestOptions {
  /** Milliseconds for which a lock is held: a lease that is longer is not found out. Default 3 000. */
  hold?: number;
  /** Makes a holder unable to reach what it shares, as a lost connection would, and returns how to mend it. */
  fail?(store: SessionStore): (() => unknown) | Promise<() => unknown>;
  /** Ends a holder as the death of its process would. It is not used again. */
  kill?(store: SessionStore): unknown;
}

/**
 * The tests that every session store has to pass, for any runner:
 * `for (const { name, run } of storeTests(open)) test(name, run)`.
 * `open` returns another holder of the same register each time, as another process or host would have, and never the same
 * object. What the tests store stays there, under random keys. `lock` and `watch` are tested if the store has them, what
 * becomes of failures and deaths if `fail` and `kill` are given.
 */
export declare function storeTests(
  open: () => SessionStore | Promise<SessionStore>,
  options?: StoreTestOptions,
): readonly StoreTest[];
