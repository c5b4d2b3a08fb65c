/** The store breaks its contract: not an error of its user. */
class ContractError extends Error {
  get name() {
    return "ContractError";
  }
}

function shown(value) {
  return typeof value === "string" && value.length > 80 ? `${value.length} characters` : JSON.stringify(value);
}

export function equal(actual, expected, what) {
  if (actual === expected) return;
  throw new ContractError(`${what}: ${shown(actual)} instead of ${shown(expected)}`);
}

/** What a promise comes to within so many milliseconds. The timer also keeps the process alive, which a store need not do. */
export function inTime(promise, limit) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ContractError(`not done in ${limit / 1_000} seconds`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** How a promise ends: "rejected", or what it resolves to. */
export function outcome(promise) {
  return promise.then(
    (value) => value,
    () => "rejected",
  );
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise and what resolves it. */
export function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
