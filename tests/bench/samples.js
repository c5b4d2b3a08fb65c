const BATCH = 1_000;

/** Nanoseconds for one of the calls that follow each other for so many milliseconds at least. */
export async function perCall(call, milliseconds) {
  const start = performance.now();
  let count = 0;
  let taken = 0;
  while (taken < milliseconds) {
    for (let number = 0; number < BATCH; number += 1) await call();
    count += BATCH;
    taken = performance.now() - start;
  }
  return (taken * 1e6) / count;
}

export function median(numbers) {
  const sorted = [...numbers].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
