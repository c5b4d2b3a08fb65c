import { setTimeout } from "node:timers/promises";
import { faults } from "../shared/token-server.mjs";
import { counted, joined, lifeAfter, TIMEOUT } from "./life.mjs";
import {
  blockedAtStart,
  blockedBeyondTimeout,
  blockedInRefresh,
  closedInRefresh,
  closedInWorkersRefresh,
  orphanedLock,
  reloadedInRefresh,
  reloadedInWorkersRefresh,
  signOutAndLeave,
  workerRotates,
  workerSignsOut,
} from "./page-scenarios.mjs";

const WINDOW = 10_000;
const GAP = 1_500;
const PATIENCE = 3_000;
const EXPIRIES = 5;

/**
 * What may happen to a session: each plays it in `tabs` that share one, against `server`, and resolves to what a table
 * says of it and whether it is as it must be.
 */
export const scenarios = {
  "100 calls at expiry": callsAtExpiry,
  "2 tabs, strict": tabsAtExpiry(2, 0),
  "5 tabs, strict": tabsAtExpiry(5, 0),
  "20 tabs, strict": tabsAtExpiry(20, 0),
  "2 tabs, 10 s window": tabsAtExpiry(2, WINDOW),
  "5 tabs, 10 s window": tabsAtExpiry(5, WINDOW),
  "20 tabs, 10 s window": tabsAtExpiry(20, WINDOW),
  "lost answer, 10 s window": oneCall(WINDOW, faults.lost),
  "gap after a lost answer, 10 s window": gapAfterLostAnswer,
  "503, 503, ok": oneCall(0, faults.answered(503), faults.answered(503)),
  "429, Retry-After 1": rateLimited,
  "connection dropped": oneCall(0, faults.dropped),
  revoked,
  "silent server": silentServer,
  "holder closed": holderClosed,
  "holder unanswered": holderUnanswered,
  "holder frozen": holderFrozen,
  "reloaded in mid-refresh": reloadedInRefresh,
  "reloaded in mid-refresh, service worker": reloadedInWorkersRefresh,
  "closed in mid-refresh": closedInRefresh,
  "closed in mid-refresh, service worker": closedInWorkersRefresh,
  "sign-out elsewhere": signOutElsewhere,
  "sign-out and leave": signOutAndLeave,
  "thread blocked at start": blockedAtStart,
  "thread blocked in a refresh": blockedInRefresh,
  "thread blocked beyond the timeout": blockedBeyondTimeout,
  "worker rotates, then IndexedDB hangs": workerRotates,
  "worker signs out, then IndexedDB hangs": workerSignsOut,
  "orphaned lock": orphanedLock,
  "clock +70 min, 10 calls": clockAhead,
  "disk full at sign-in": diskFull(true),
  "disk full later": diskFull(false),
  "storage blocked": storageBlocked,
};

async function callsAtExpiry(server, tabs) {
  await tabs.open();
  await tabs.expire();
  const good = (await tabs.race(100)).filter(({ token }) => server.accepts(token)).length;
  const requests = server.refreshes.length;
  const cell = good === 100 ? `${requests}` : `${requests}, ${good} ok`;
  return { cell, holds: requests === 1 && good === 100 };
}

function tabsAtExpiry(count, reuseWindow) {
  return async (server, tabs) => {
    server.reuseWindow = reuseWindow;
    await tabs.openAll(count);
    let good = count;
    for (let expiry = 1; expiry <= EXPIRIES && good === count; expiry++) {
      await tabs.expire();
      good = (await tabs.race()).filter(({ token }) => server.accepts(token)).length;
    }
    const requests = server.refreshes.length;
    const loss = await tabs.loss();
    const isAsOne = good === count && requests === EXPIRIES;
    const isGood = good < count ? `, ${good} of ${count} ok` : "";
    const cell = isAsOne ? "lives" : `lives${isGood}, ${counted(requests)}`;
    return { cell: loss ?? cell, holds: isAsOne && !loss };
  };
}

function oneCall(reuseWindow, ...firstFaults) {
  return async (server, tabs) => {
    server.reuseWindow = reuseWindow;
    const tab = await tabs.open();
    await tabs.expire();
    server.faults = firstFaults.slice();
    return lifeAfter(server, tabs, await tab.token());
  };
}

/** The network is away for a while after an answer was lost. */
async function gapAfterLostAnswer(server, tabs) {
  server.reuseWindow = WINDOW;
  const tab = await tabs.open();
  await tabs.expire();
  server.faults = [faults.lost];
  server.fault = faults.dropped;
  await tab.begin();
  await server.received(1);
  await setTimeout(GAP);
  server.behave();
  const [{ token, error }] = await tab.begun();
  const isGood = server.accepts(token);
  const { cell, holds } = await lifeAfter(server, tabs, await tab.token());
  return { cell: isGood ? cell : `${error ?? "bad token"}, then ${cell}`, holds: isGood && holds };
}

async function rateLimited(server, tabs) {
  const tab = await tabs.open();
  await tabs.expire();
  server.faults = [faults.answered(429, { "Retry-After": "1" })];
  const outcome = await tab.token();
  const [first, second] = server.refreshes;
  const { cell, holds } = await lifeAfter(server, tabs, outcome);
  const isEarly = second - first < 1_000;
  return { cell: joined(cell, isEarly && "asks too early"), holds: holds && !isEarly };
}

async function revoked(server, tabs) {
  await tabs.openAll(2);
  server.revoke();
  await tabs.expire();
  const outcomes = [...(await tabs.race(5)), await tabs.all[0].token(), await tabs.all[1].token()];
  const errors = new Set(outcomes.map(({ token, error }) => (token ? "a token" : error)));
  const cell = `${[...errors].join(", ")}, ${counted(server.refreshes.length)}`;
  // The token is younger than a minute: it is asked for twice more before a refusal is believed.
  return { cell, holds: cell === "session_ended, 3 requests" };
}

async function silentServer(server, tabs) {
  const tab = await tabs.open({ timeout: TIMEOUT });
  await tabs.expire();
  server.fault = faults.unanswered;
  const { error, ms } = await tab.token();
  const loss = await tabs.loss();
  const isInTime = ms > TIMEOUT - 100 && ms < TIMEOUT + 1_000;
  const cell = joined(`${error ?? "a token"} after ${Math.round(ms / 1000)} s`, loss);
  return { cell, holds: error === "timeout" && isInTime && !loss };
}

/** Two tabs at an expiry, the first one's request kept for ever. */
async function holderAndWaiter(server, tabs) {
  const [holder, waiter] = [await tabs.open({ timeout: TIMEOUT }), await tabs.open({ timeout: TIMEOUT })];
  await tabs.expire();
  server.faults = [faults.unanswered];
  await holder.begin();
  await server.received(1);
  return [holder, waiter];
}

async function holderClosed(server, tabs) {
  const [holder, waiter] = await holderAndWaiter(server, tabs);
  await waiter.begin();
  await tabs.close(holder);
  return boundedLife(server, tabs, await waiter.begun());
}

async function holderUnanswered(server, tabs) {
  const [, waiter] = await holderAndWaiter(server, tabs);
  await waiter.begin();
  return boundedLife(server, tabs, await waiter.begun());
}

async function holderFrozen(server, tabs) {
  const [holder, waiter] = await holderAndWaiter(server, tabs);
  await holder.freeze();
  await server.keeps();
  await waiter.begin();
  const outcomes = await waiter.begun();
  server.release();
  return boundedLife(server, tabs, outcomes);
}

/** A call that waits for a stuck holder comes to a token within its own time and the holder's. */
async function boundedLife(server, tabs, [outcome]) {
  const { cell, holds } = await lifeAfter(server, tabs, outcome);
  const isInTime = outcome.ms < 2 * TIMEOUT + 1_000;
  return { cell: joined(cell, !isInTime && `after ${Math.round(outcome.ms / 1000)} s`), holds: holds && isInTime };
}

async function signOutElsewhere(server, tabs) {
  const [one, two] = await tabs.openAll(2);
  const { token } = await one.token();
  await one.signOut();
  const end = performance.now() + PATIENCE;
  while ((await two.token()).token) {
    if (performance.now() > end) return { cell: "**still hands out a token**", holds: false };
  }
  const isRevoked = !server.accepts(token);
  return { cell: isRevoked ? "signed out" : "signed out, not revoked", holds: isRevoked };
}

async function clockAhead(server, tabs) {
  const tab = await tabs.open({ ahead: 70 * 60_000 });
  await tabs.expire();
  let good = 0;
  for (let call = 1; call <= 10; call++) if (server.accepts((await tab.token()).token)) good += 1;
  const requests = server.refreshes.length;
  return { cell: `${counted(requests)}, ${good} ok`, holds: requests === 1 && good === 10 };
}

/** For the page. */
function fillDisk() {
  const fail = () => {
    throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
  };
  Storage.prototype.setItem = fail;
  IDBObjectStore.prototype.put = fail;
  IDBObjectStore.prototype.add = fail;
}

function diskFull(isFullAtOnce) {
  return async (server, tabs) => {
    const tab = await tabs.open(isFullAtOnce ? { prepare: fillDisk } : {});
    if (!isFullAtOnce) await tab.page.evaluate(fillDisk);
    await tabs.expire();
    const { cell, holds } = await lifeAfter(server, tabs, await tab.token());
    // Nobody can claim the send: it is made without that when a claim's time has passed.
    if (!isFullAtOnce && cell === "unavailable") return { cell: "unavailable, then ok", holds: true };
    return { cell, holds };
  };
}

/** For the page, before its own scripts. */
function blockStorage() {
  for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  }
}

async function storageBlocked(server, tabs) {
  const tab = await tabs.open({ prepare: blockStorage });
  await tabs.expire();
  return lifeAfter(server, tabs, await tab.token());
}
