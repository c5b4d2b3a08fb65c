/** Nanoseconds for one of `count` calls, one after another. */
export async function perCall(call, count) {
  const start = performance.now();
  for (let number = 0; number < count; number += 1) await call();
  return ((performance.now() - start) * 1e6) / count;
}

/** How many calls take so many milliseconds; some are made to find out. */
export async function callsWithin(call, milliseconds) {
  let count = 1;
  for (;;) {
    const taken = ((await perCall(call, count)) * count) / 1e6;
    if (taken >= milliseconds / 2) return Math.max(1, Math.round((count * milliseconds) / taken));
    count *= 2;
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
