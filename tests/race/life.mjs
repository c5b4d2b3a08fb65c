export const TIMEOUT = 2_000;

/** A call that must have come to a token, in a session that must live. */
export async function lifeAfter(server, tabs, { token, error }) {
  const isGood = server.accepts(token);
  const loss = await tabs.loss();
  return { cell: joined(isGood ? "ok" : (error ?? "bad token"), loss), holds: isGood && !loss };
}

export function counted(requests) {
  return requests === 1 ? "1 request" : `${requests} requests`;
}

export function joined(...parts) {
  return parts.filter(Boolean).join(", ");
}
