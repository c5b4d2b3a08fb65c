let other;

/** Waits until another has come as far, so that both sessions live in one process at one time. */
export function meet() {
  const resolve = other;
  other = undefined;
  if (resolve) return resolve();
  return new Promise((resolve) => {
    other = resolve;
  });
}
