import { setTimeout as sleep } from "node:timers/promises";
import { isWindows } from "./chaos-processes.mjs";
import { between } from "./dice.mjs";

/** Milliseconds by which an answer is late at most where processes are struck, so that some are struck while they wait. */
export const slowest = 500;
/** Milliseconds within which the server has what a killed process had sent. */
const arrival = 50;
const stops = [1_000, 5_000];
const outages = [200, 2_000];
const jumps = [1_000, 24 * 3600 * 1000];
const mostRefusals = 3;
const takenFaults = [null, "delay", "lose_answer"];

/**
 * What befalls a round, by name: `strike` resolves when it is over, to the process that it has killed, to `mayCost`, whether that
 * costs a session at a strict server, or to why it was `notPlayed`. Where processes `mayFail`, the network has failed them.
 */
export const kinds = {
  nothing: { strike: async () => ({}) },
  kill: { strike: kill },
  sleep: { strike: stop },
  clock: { strike: putClockForward },
  offline: { mayFail: true, strike: cutOff },
  refused: { mayFail: true, strike: refuse("unavailable", "too_many_requests") },
  lose_request: { mayFail: true, strike: refuse("lose_request") },
  lose_answer: { mayFail: true, strike: loseAnswer },
};

export function isTokenRequest({ method, path }) {
  return method === "POST" && path.endsWith("/connect/token");
}

/** The refreshes among requests. Of one whose sender was gone at once, the server has not noted the grant. */
export function refreshes(requests) {
  const isRefresh = ({ grant_type }) => grant_type === "refresh_token" || grant_type === null;
  return requests.filter((entry) => isTokenRequest(entry) && isRefresh(entry));
}

/** How often a refresh token came that the server had taken before. */
export function reuses(requests) {
  const taken = refreshes(requests).filter(({ fault, fingerprint }) => fingerprint && takenFaults.includes(fault));
  return taken.length - new Set(taken.map(({ fingerprint }) => fingerprint)).size;
}

async function kill({ server, processes, dice, instant }) {
  slowDown(server, dice);
  const victim = one(dice, processes);
  await sleep(instant);
  const before = [...server.requests];
  if (!victim.signal("SIGKILL")) return {};
  await victim.ended;
  await sleep(arrival);
  const sent = [...server.requests];
  return { victim, mayCost: () => refreshes(sent).length > 0 && reuses(before) === 0 };
}

async function stop({ server, processes, dice, instant }) {
  if (isWindows) return { notPlayed: "Windows stops no process" };
  slowDown(server, dice);
  const victim = one(dice, processes);
  await sleep(instant);
  victim.signal("SIGSTOP");
  await sleep(between(dice, ...stops));
  victim.signal("SIGCONT");
  return {};
}

async function putClockForward({ server, dice, instant, clock, isNode }) {
  if (!isNode) return { notPlayed: "the command is not a Node.js program" };
  slowDown(server, dice);
  await sleep(instant);
  clock.putForward(Math.round(between(dice, ...jumps)));
  return {};
}

async function cutOff({ server, dice, instant }) {
  await sleep(instant);
  server.setFaults([{ name: "offline" }]);
  await sleep(between(dice, ...outages));
  server.setFaults([]);
  return {};
}

function refuse(...names) {
  return async ({ server, dice }) => {
    server.setFaults([{ name: one(dice, names), times: 1 + Math.floor(between(dice, 0, mostRefusals)) }]);
    return {};
  };
}

async function loseAnswer({ server, losses }) {
  server.setFaults([{ name: "lose_answer", times: 1 }]);
  return { mayCost: () => losses.some((before) => refreshes(before).length > 0 && reuses(before) === 0) };
}

function slowDown(server, dice) {
  server.setFaults([{ name: "delay", milliseconds: Math.round(between(dice, 0, slowest)) }]);
}

function one(dice, list) {
  return list[Math.floor(dice() * list.length)];
}
