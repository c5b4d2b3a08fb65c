import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../../dev/dice.mjs";
import { withHosts } from "../shared/hosts.mjs";
import { faults } from "../shared/token-server.mjs";
import { counted, joined, times } from "../shared/words.mjs";
import { hostProgram, withRedis, withTokenServer } from "./places.mjs";

/** Sessions that refresh at the same time, or begin. */
const AT_ONCE = 100;
const SIGN_INS_AT_ONCE = 10;
/** Milliseconds within which the hosts ask for a token that has expired. */
const APART = 2_000;
/** Of the 10 seconds that a client waits. */
const SLOWEST = 6_500;
/** Times that hosts ask again whose call was rejected. */
const TRIES = 5;

/** Most answers are slow, one in five nearly too slow. */
function slowness(dice) {
  return dice() < 0.8 ? between(dice, 0, SLOWEST) : between(dice, 0.9 * SLOWEST, SLOWEST);
}

/** Many sessions, each shared by all hosts through one Redis, with a server that answers slowly and forgives nothing. */
export function manySessions({ sessions, hosts: count, dice, progress }) {
  return withRedis(({ path }) =>
    withTokenServer((server) => {
      const config = { store: { socket: path }, tokenEndpoint: `${server.url}/token` };
      return withHosts(hostProgram, Array(count).fill(config), async (hosts) => {
        const opened = await signIn(sessions, hosts, progress);
        server.fault = (...args) => faults.delayed(sleep(slowness(dice)))(...args);
        const seen = { expired: 0, apart: 0, rejections: [] };
        await each(opened, AT_ONCE, async (session) => {
          await expire(session, hosts, { server, dice, seen });
          const { revoked } = server.families;
          if (seen.expired % 250 === 0) progress(`${times(seen.expired, "session")}, ${revoked} families revoked`);
        });
        const late = await Promise.all(hosts.map((host) => host.call("failed")));
        return verdict(opened, seen, late, server);
      });
    }),
  );
}

async function signIn(count, hosts, progress) {
  const sessions = Array.from({ length: count }, (_, number) => ({ slot: `user ${number + 1}` }));
  await each(sessions, SIGN_INS_AT_ONCE, async (session) => {
    session.token = await hosts[0].call("open", session.slot, true);
    await Promise.all(hosts.slice(1).map((host) => host.call("open", session.slot)));
  });
  progress(`${times(count, "session")} in ${hosts.length} processes`);
  return sessions;
}

/** All hosts ask for another token, one sooner and one later; they must come to the same one. */
async function expire({ slot, token: rejected }, hosts, { server, dice, seen }) {
  const ask = async (host) => {
    await sleep(between(dice, 0, APART));
    for (let tries = 1; ; tries++) {
      const { value, error } = await host.told("token", slot, rejected);
      if (value || tries === TRIES) return value;
      seen.rejections.push(error.message);
    }
  };
  const tokens = new Set(await Promise.all(hosts.map(ask)));
  const [token] = tokens;
  seen.expired += 1;
  if (tokens.size > 1 || token === rejected || !server.accepts(token)) seen.apart += 1;
}

/** So many at once. */
async function each(items, atOnce, work) {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function verdict(sessions, { apart, rejections }, late, server) {
  const requests = server.refreshes.length;
  const { revoked } = server.families;
  const unanswered = late.reduce((sum, { timeout, network }) => sum + timeout + network, 0);
  const cell = joined(
    times(sessions.length, "session"),
    times(requests, "request"),
    times(server.reused, "reuse"),
    revoked ? `**${revoked} families revoked**` : "0 families revoked",
    apart ? `**${times(apart, "session")} without the same token**` : "same token each time",
    rejections.length > 0 && `meanwhile ${counted(rejections)}`,
    unanswered > 0 && `${times(unanswered, "answer")} after the timeout`,
  );
  return { cell, holds: revoked === 0 && apart === 0 && requests === sessions.length };
}
