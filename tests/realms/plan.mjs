import { Dice } from "./dice.mjs";
import { addWorker } from "./worker-plan.mjs";

/** Milliseconds in which things happen. */
const LENGTH = 60_000;

/** What a seed plays: who is there, what they do, what goes wrong. Nothing of it depends on anything else of it. */
export function planOf(seed) {
  const dice = new Dice(seed ^ 0x5eed);
  const kind = dice.pick(["local", "local", "local", "hosts"]);
  const timeout = dice.pick([1_000, 2_000, 10_000]);
  const plan = {
    seed,
    kind,
    timeout,
    lifetime: dice.pick([5, 20, 60]),
    window: dice.pick([-1, -1, 30_000]),
    hasReplicas: dice.chance(0.1),
    hasLocks: dice.chance(0.5),
    length: LENGTH,
  };
  // A browser has them everywhere or nowhere.
  const lacks = ["BroadcastChannel", "locks"].filter(() => dice.chance(0.15));
  plan.tabs = Array.from({ length: 1 + dice.below(4) }, (_, number) => tabOf(dice, kind, number, lacks));
  plan.actions = Array.from({ length: 3 + dice.below(20) }, () => actionOf(dice, plan));
  plan.faults = Array.from({ length: dice.below(5) }, () => faultOf(dice, plan));
  if (dice.chance(0.5)) dice.pick(THEMES)(plan, dice, Math.floor(dice.between(8_000, LENGTH - 10_000)));
  // Of dice of their own, so that all other plans stay as they are.
  const more = new Dice(seed ^ 0x5eed2);
  if (kind === "local" && more.chance(0.3)) addWorker(plan, more, [...lacks]);
  if (kind === "local" && more.chance(0.05)) breaking(plan, more, Math.floor(more.between(8_000, LENGTH - 10_000)));
  if (kind === "hosts" && more.chance(0.1)) finishing(plan, more, Math.floor(more.between(8_000, LENGTH / 3)));
  if (more.chance(0.05)) waiting(plan, more, Math.floor(more.between(8_000, LENGTH - 20_000)));
  plan.actions = plan.actions.filter(({ at }) => at < LENGTH);
  plan.actions.sort((one, other) => one.at - other.at);
  return plan;
}

/** What chance hardly ever puts together: each happens at some time, between two tabs. */
const THEMES = [
  function leaving({ tabs, actions }, dice, at) {
    actions.push({ at, tab: 0, do: "signout and leave", absence: 5 });
    const other = tabs.length - 1;
    const what = dice.pick(["rejected", "login", "restore"]);
    if (other) actions.push({ at: at + dice.below(60) - 30, tab: other, do: what, user: "bob" });
  },
  function silence({ tabs, actions, faults }, dice, at) {
    const other = tabs.length - 1;
    if (!other) return;
    actions.push({ at, tab: other, do: dice.pick(["rejected", "signout"]) });
    actions.push({ at: at + dice.below(500), tab: 0, do: "leave", absence: 5 });
    faults.push({ what: "silence", from: at + 400, until: at + 400 + dice.below(6_000), tab: 0 });
    actions.push({ at: at + 1_200, tab: 0, do: dice.pick(["token", "restore", "rejected"]) });
  },
  function standing({ timeout, actions, faults }, dice, at) {
    actions.push({ at, tab: 0, do: dice.pick(["rejected", "leave", "restore"]), absence: 5 });
    const what = dice.pick(["stop", "freeze"]);
    const from = at + dice.below(dice.pick([60, 400]));
    faults.push({ what, from, until: from + 600 + dice.below(timeout), tab: 0 });
  },
  function exit({ actions, faults }, dice, at) {
    actions.push({ at, tab: 0, do: "rejected" });
    actions.push({ at: at + dice.below(150), tab: 0, do: dice.pick(["dispose and exit", "exit"]) });
    if (dice.chance(0.5)) faults.push({ what: "writes", from: at + 40, until: at + 240 });
  },
  function orphan({ tabs, actions, faults }, dice) {
    const at = Math.floor(dice.between(5_000, 14_000));
    faults.push(
      { what: "orphans", from: at, until: at + 1_000 },
      { what: "kill", from: at + 50, until: at + 50, tab: 0 },
    );
    actions.push({ at, tab: 0, do: "rejected" });
    for (const time of [1, 2, 3]) {
      actions.push({ at: at + time * 15_000, tab: tabs.length - 1, do: "rejected" });
    }
  },
  function reading({ tabs, actions, faults }, dice, at) {
    actions.push({ at, tab: tabs.length - 1, do: dice.pick(["rejected", "signout"]) });
    faults.push({ what: "reads", from: at + dice.below(100), until: at + 100 + dice.below(100), tab: 0 });
  },
  function outage({ actions, faults }, dice, at) {
    actions.push({ at, tab: 0, do: "rejected" });
    const back = at + 200 + dice.below(2_000);
    faults.push(
      { what: "network lost", from: at, until: at + 100 },
      { what: "network away", from: at + 100, until: back },
    );
  },
  function cached({ tabs, actions, faults }, dice, at) {
    faults.push({ what: "cache", from: at, until: at + 3_000, tab: 0 });
    actions.push({
      at: at + 1_000,
      tab: tabs.length - 1,
      do: dice.pick(["signout", "rejected", "login"]),
      user: "bob",
    });
    actions.push({ at: at + 3_000 + dice.below(500), tab: 0, do: "token" });
  },
  function wiping({ kind, tabs, actions, faults }, dice, at) {
    const [first] = tabs;
    if (kind === "local" && tabs.length > 1 && !first.lacks.includes("indexedDB")) first.kind = "worker";
    actions.push({ at, tab: tabs.length - 1, do: dice.pick(["signout", "rejected", "rejected"]) });
    const wiped = at + 20 + dice.below(90);
    faults.push({ what: "wipe", from: wiped, until: wiped });
    actions.push({ at: at + 5_000, tab: 0, do: "login", user: "bob" });
  },
  function parting({ tabs, actions }, dice, at) {
    const tab = tabs.length - 1;
    actions.push({ at, tab, do: "signout" }, { at: at + dice.below(60), tab, do: "dispose" });
  },
  function beside({ kind, tabs, actions }, dice, at) {
    const tab = tabs.length - 1;
    if (kind === "local" && tab && tabs[tab].kind === "page") tabs[tab].lacks.push("indexedDB");
    actions.push({ at, tab: 0, do: "rejected" }, { at: at + 200, tab: 0, do: "exit" });
    actions.push({ at: at + 1_000 + dice.below(500), tab, do: "signout" }, { at: at + 3_000, tab: 0, do: "token" });
  },
];

/** An IndexedDB that has answered cannot be opened any more, by one page of two that refresh. */
function breaking({ tabs, serviceWorker, actions, faults }, dice, at) {
  const other = tabs.length - 1;
  const realms = serviceWorker ? [...tabs, serviceWorker] : tabs;
  if (dice.chance(0.5)) for (const { lacks } of realms) lacks.push("locks");
  faults.push({ what: "openings", from: at, until: at + 300 + dice.below(600), tab: 0 });
  for (const tab of [0, other]) actions.push({ at: at + 10 + dice.below(50), tab, do: "rejected" });
}

/** Who waits for the lock stands still until the time for that has passed, and has been given it meanwhile. */
function waiting({ tabs, timeout, actions, faults }, dice, at) {
  const last = tabs.length - 1;
  if (!last) return;
  const from = at + 60 + dice.below(60);
  faults.push(
    { what: "network slow", from: at, until: at + 200 },
    { what: "stop", from, until: from + timeout + 1_000 + dice.below(500), tab: last },
  );
  actions.push({ at, tab: 0, do: "rejected" }, { at: at + 20 + dice.below(20), tab: last, do: "rejected" });
}

/** A program is over while a pause is waited out after which it would send again, by a call or by itself. */
function finishing(plan, dice, at) {
  plan.timeout = 1_000;
  const tab = dice.below(plan.tabs.length);
  const isElsewhere = (action) => action.tab !== tab || action.at < at || action.at > at + 30_000;
  plan.actions = plan.actions.filter(isElsewhere);
  const over = at + dice.pick([dice.below(5_000), 12_000]);
  plan.actions.push({ at, tab, do: "rejected" }, { at: over, tab, do: "finish" });
  if (dice.chance(0.5)) plan.actions.push({ at: over - dice.below(300), tab, do: "rejected" });
  plan.faults.push({ what: "network lost", from: at, until: at + 30_000 });
}

function tabOf(dice, kind, number, everywhere) {
  if (kind === "hosts") return { number, kind: "process", at: dice.between(0, 3_000), lacks: [], skew: skewOf(dice) };
  const isWorker = number > 0 && dice.chance(0.25);
  const lacks = [...everywhere];
  if (!isWorker && dice.chance(0.05)) lacks.push("indexedDB");
  if (!isWorker && dice.chance(0.05)) lacks.push("localStorage");
  return {
    number,
    kind: isWorker ? "worker" : "page",
    at: dice.between(0, 3_000),
    lacks,
    isInBackground: dice.chance(0.15),
    skew: 0,
  };
}

function skewOf(dice) {
  return dice.chance(0.3) ? Math.floor(dice.between(-20_000, 20_000)) : 0;
}

const ACTIONS = [
  ...["token", "token", "token", "token", "token", "rejected", "rejected", "fetch", "abort", "restore"],
  ...["login", "signout", "signout", "signout and leave", "leave", "leave", "close", "drop", "resume", "odd fetch"],
  ...["dispose", "exit", "dispose and exit"],
];

function actionOf(dice, { tabs }) {
  const name = dice.pick(ACTIONS);
  const at = Math.floor(dice.between(500, LENGTH));
  const action = { at, tab: dice.below(tabs.length), do: name };
  if (name === "login") action.user = dice.pick(["alice", "bob"]);
  if (name === "abort") action.after = Math.floor(dice.between(0, 3_000));
  if (["leave", "signout and leave"].includes(name)) action.absence = Math.floor(dice.between(5, 300));
  return action;
}

/** Each with how long it lasts at most, as a part of a claim's time. */
const FAULTS = {
  "network away": 1.5,
  "network lost": 0.3,
  "network gateway": 0.3,
  "network busy": 1.5,
  "network slow": 1,
  "network cut": 0.3,
  "network twice": 0.3,
  silence: 1.2,
  transactions: 1.2,
  reads: 0.5,
  writes: 1.2,
  full: 5,
  stop: 1.3,
  freeze: 1.3,
  cache: 3,
  kill: 0,
  orphans: 10,
  wipe: 0,
};

function faultOf(dice, { tabs, timeout }) {
  const what = dice.pick(Object.keys(FAULTS));
  const from = Math.floor(dice.between(1_000, LENGTH - 5_000));
  const lasts = Math.floor(dice.roll() ** 2 * FAULTS[what] * (timeout + 1_000));
  const fault = { what, from, until: from + lasts };
  if (["silence", "transactions", "reads", "writes", "full"].includes(what) && dice.chance(0.5)) return fault;
  if (what.startsWith("network") || ["orphans", "wipe"].includes(what)) return fault;
  return { ...fault, tab: dice.below(tabs.length) };
}
