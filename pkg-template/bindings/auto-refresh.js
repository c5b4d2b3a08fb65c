import { nothing, sourceOf, unknownClient } from "./snapshots.js";

const MINUTE = 60_000;
/** Milliseconds before its end from which the core renews a token that is still valid, if a tenth of its life is longer. */
const LONGEST_AHEAD = 5 * MINUTE;
const LONGEST_TIMER = 2 ** 31 - 1;

/** While the page is visible, asks for a token in the last tenth of each. Where there is no page it does nothing. */
export function autoRefresh(client) {
  const { document } = globalThis;
  if (!document) return () => {};
  const source = sourceOf(client, unknownClient);
  let session = sourceOf(null, nothing);
  let connection = null;
  let stopSession;
  /** Names the token in hand. */
  let token;
  /** By the wall clock, since a machine that sleeps may stop the other one. */
  let due;
  let timer;

  const renew = () => {
    if (!connection || document.visibilityState !== "visible" || Date.now() < due) return;
    due = Date.now() + MINUTE;
    connection.getAccessToken().catch(() => {});
  };

  const looked = () => {
    const { sessionId, generation, state, expiresAt } = session.getSnapshot() ?? {};
    const seen = [sessionId, generation, state === "ended"].join();
    if (seen === token) return;
    token = seen;
    clearTimeout(timer);
    if (!expiresAt || state === "ended") return;
    const now = Date.now();
    const left = expiresAt - now;
    const after = Math.max(MINUTE, left - Math.min(left / 10, LONGEST_AHEAD) * (1 - Math.random() / 2));
    due = now + after;
    timer = setTimeout(
      () => {
        due = 0;
        renew();
      },
      Math.min(after, LONGEST_TIMER),
    );
  };

  const follow = () => {
    const next = source.getSnapshot().connection;
    if (next === connection) return;
    connection = next;
    stopSession?.();
    session = sourceOf(connection, nothing);
    stopSession = session.subscribe(looked);
    looked();
  };

  const stopClient = source.subscribe(follow);
  document.addEventListener("visibilitychange", renew);
  globalThis.addEventListener("online", renew);
  follow();
  return () => {
    stopClient();
    stopSession?.();
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", renew);
    globalThis.removeEventListener("online", renew);
  };
}
