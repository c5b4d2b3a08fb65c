/** "1 request", "2 requests". */
export function times(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** "each time" where all of them did. */
export function of(count, all) {
  return count === all ? "each time" : `${count} of ${all} times`;
}

/** What there is to say, as a list. */
export function joined(...parts) {
  return parts.filter(Boolean).join(", ");
}

/** How many of each there are. */
export function counted(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${count} × ${text}`).join(", ");
}
