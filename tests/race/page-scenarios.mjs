import { faults } from "../shared/token-server.mjs";
import { counted, joined, lifeAfter, TIMEOUT } from "./life.mjs";

const ROUNDS = 10;

export async function signOutAndLeave(server, tabs) {
  const tab = await tabs.open();
  let still = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const { issued } = server.families;
    await tab.signOutAndLeave();
    const { error } = await tab.start();
    if (error) return { cell: `does not start (${error})`, holds: false };
    if (server.families.issued === issued) still += 1;
  }
  return { cell: still ? `**${still} of ${ROUNDS} still signed in**` : "signed out", holds: !still };
}

/** For the page, before its own scripts: after the next call that `window.blocksAfter` names the thread is busy for `window.blocksFor`. */
function watchCalls() {
  const block = () => {
    window.isBlocked = true;
    for (const end = performance.now() + window.blocksFor; performance.now() < end; );
  };
  const watch = (object, name) => {
    const call = object[name];
    object[name] = function (...args) {
      if (window.blocksAfter === name) {
        window.blocksAfter = undefined;
        queueMicrotask(block);
      }
      return call.apply(this, args);
    };
  };
  watch(Storage.prototype, "getItem");
  watch(window, "fetch");
}

/** While storage is read for the session of a tab that is closed. */
export async function blockedAtStart(server, tabs) {
  await tabs.close(await tabs.open());
  const tab = await tabs.load({ prepare: watchCalls });
  await tab.blockAfter("getItem", 1_500);
  await tabs.start(tab);
  if (server.families.issued > 1) return { cell: "**finds no session**", holds: false };
  return blockedLife(server, tabs, tab, await tab.token());
}

export async function blockedInRefresh(server, tabs) {
  const tab = await blockedTab(tabs, 1_500);
  return blockedLife(server, tabs, tab, await tab.token());
}

/** The call may be over by then, not the session: its answer is there. */
export async function blockedBeyondTimeout(server, tabs) {
  const tab = await blockedTab(tabs, TIMEOUT + 100);
  await tab.token();
  return blockedLife(server, tabs, tab, await tab.token());
}

/** A tab at an expiry whose thread will be busy for so long when the request is sent. */
async function blockedTab(tabs, ms) {
  const tab = await tabs.open({ prepare: watchCalls, timeout: TIMEOUT });
  await tabs.expire();
  await tab.blockAfter("fetch", ms);
  return tab;
}

async function blockedLife(server, tabs, tab, outcome) {
  const isBlocked = await tab.page.evaluate(() => window.isBlocked);
  const { cell, holds } = await lifeAfter(server, tabs, outcome);
  return { cell: joined(!isBlocked && "not blocked", cell), holds: holds && isBlocked };
}

/** For the page, before its own scripts. */
function hangDatabase() {
  IDBFactory.prototype.open = () => new EventTarget();
}

/**
 * The session is a worker's alone when it does that, so no page hears of it. Then a page opens whose IndexedDB does not answer.
 * What that comes to; nothing for a client that does not have its session in a worker.
 */
async function hungAfterWorker(server, tabs, ...request) {
  await tabs.close(await tabs.open());
  await tabs.expire();
  const host = await tabs.load();
  const { error } = await host.inWorker("open");
  if (error || server.families.issued > 1) return;
  await host.inWorker(...request);
  const hung = await tabs.load({ prepare: hangDatabase });
  const started = await hung.start({ timeout: TIMEOUT });
  if (started.error) return started.error;
  if (server.families.issued > 1) return "no session";
  await hung.token();
  return "**shows the old session**";
}

export async function workerRotates(server, tabs) {
  const hung = await hungAfterWorker(server, tabs, "calls", 1);
  if (!hung) return { cell: "-", holds: false };
  const requests = server.refreshes.length;
  const tab = await tabs.open();
  const isFound = server.families.issued === 1;
  const { cell } = await lifeAfter(server, tabs, await tab.token());
  const next = `${hung}, then ${isFound ? cell : "**finds no session**"}`;
  return {
    cell: joined(requests !== 1 && counted(requests), next),
    holds: requests === 1 && next === "unavailable, then ok",
  };
}

export async function workerSignsOut(server, tabs) {
  const hung = await hungAfterWorker(server, tabs, "signOut");
  if (!hung) return { cell: "-", holds: false };
  const { issued } = server.families;
  await tabs.open();
  const cell = `${hung}, then ${server.families.issued > issued ? "signed out" : "**still signed in**"}`;
  return { cell, holds: cell === "unavailable, then signed out" };
}

const reload = (tabs, tab) => tabs.reload(tab);
async function close(tabs, tab) {
  await tabs.close(tab);
  return tabs.load();
}

/** The strict server's answer comes when the page that waits for it is gone; then the client starts in the next one. */
function leftInRefresh(leave, inServiceWorker) {
  return async (server, tabs) => {
    const tab = await tabs.load();
    if (inServiceWorker && !(await tab.install())) return { cell: "-", holds: false };
    await tabs.start(tab, { inServiceWorker });
    await tabs.expire();
    const answer = slowAnswer(server);
    await tab.begin();
    await server.received(1);
    const next = await leave(tabs, tab);
    answer();
    await tabs.start(next, { inServiceWorker });
    if (server.families.issued > 1) return { cell: "**finds no session**", holds: false };
    const { cell, holds } = await lifeAfter(server, tabs, await next.token());
    // Nobody has the answer then, and the server gives it once.
    return { cell, holds: inServiceWorker ? holds : cell === "session_ended, **dead** (session_ended)" };
  };
}

export const reloadedInRefresh = leftInRefresh(reload, false);
export const reloadedInWorkersRefresh = leftInRefresh(reload, true);
export const closedInRefresh = leftInRefresh(close, false);
export const closedInWorkersRefresh = leftInRefresh(close, true);

/** The next refresh is answered when the function returned is called. */
function slowAnswer(server) {
  let answer;
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  server.faults = [faults.delayed(answered)];
  return answer;
}

/** For the page: waits for all locks that are held, and keeps them for ever. `window.taken` is when it has them. */
async function takeLocks() {
  const { held, pending } = await navigator.locks.query();
  const names = [...new Set([...held, ...pending].map(({ name }) => name))];
  const take = (name) =>
    new Promise((taken) => {
      navigator.locks.request(name, () => {
        taken();
        return new Promise(() => {});
      });
    });
  window.taken = Promise.all(names.map(take)).then(() => {});
  return names.length;
}

/** Has a page take all locks that a tab holds during a refresh, and says how many. */
async function orphanLocks(server, tabs, thief, tab) {
  await tabs.expire();
  const answer = slowAnswer(server);
  await tab.begin();
  await server.received(1);
  const count = await thief.page.evaluate(takeLocks);
  answer();
  await tab.begun();
  await thief.page.evaluate(() => window.taken);
  return count;
}

/** Only the first refresh may wait for whoever holds the lock. */
export async function orphanedLock(server, tabs) {
  const thief = await tabs.load();
  const tab = await tabs.open({ timeout: TIMEOUT });
  if (!(await orphanLocks(server, tabs, thief, tab))) return { cell: "-", holds: false };
  const errors = new Set();
  const times = [];
  for (let expiry = 1; expiry <= 3; expiry++) {
    await tabs.expire();
    const { token, error, ms } = await tab.token();
    if (!server.accepts(token)) errors.add(error ?? "bad token");
    times.push(ms);
  }
  const loss = await tabs.loss();
  const [first, later] = [times[0], Math.max(...times.slice(1))];
  const isFast = later < TIMEOUT / 2;
  const [slow, slowLater] = [first, later].map((ms) => `${Math.round(ms / 1000)} s`);
  const cell = joined([...errors].join(", ") || "ok", `${slow}, then ${isFast ? "at once" : slowLater}`, loss);
  return { cell, holds: !errors.size && !loss && first < 2 * TIMEOUT + 1_000 && isFast };
}
