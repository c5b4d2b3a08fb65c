import assert from "node:assert/strict";

/** Lets the event loop turn until that holds. No time is waited for, and the number of turns is bounded. */
export async function until(holds) {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (holds()) return;
    await turnOfTheLoop();
  }
  assert.fail(`never: ${holds}`);
}

/** Everything that is ready to run has run. */
export async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await turnOfTheLoop();
}

const { setImmediate } = globalThis;

function turnOfTheLoop() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waiting for a lock keeps no process alive, a test has to. */
export function stayAlive() {
  const timer = setInterval(() => {}, 60_000);
  return () => clearInterval(timer);
}

/** What a promise was rejected with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail("resolved");
}
