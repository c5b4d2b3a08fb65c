import { SERVICE_WORKER } from "./service-worker.mjs";

/** Its own faults, each with the milliseconds that it lasts at most. */
const OWN_FAULTS = {
  "worker missing": 30_000,
  "worker deaf": 20_000,
  "worker lies": 20_000,
  "worker late": 20_000,
  "worker lost": 20_000,
};
/** What befalls any realm. */
const FAULTS = { kill: 0, stop: 3_000, silence: 5_000, transactions: 5_000, reads: 3_000, writes: 5_000 };

/** Adds a service worker to a plan of pages, which let it refresh, and pages that are left while it does. */
export function addWorker(plan, dice, lacks) {
  const { length } = plan;
  plan.serviceWorker = { startsIn: dice.pick([20, 300, 1_500]), idle: dice.pick([50, 2_000, 30_000]), lacks };
  for (let count = dice.below(3); count > 0; count--) plan.faults.push(faultOf(dice, length));
  for (let count = 1 + dice.below(4); count > 0; count--) {
    const at = Math.floor(dice.between(4_000, length - 15_000));
    dice.pick(THEMES)(plan, dice, at);
  }
}

function faultOf(dice, length) {
  const [isOwn, faults] = dice.chance(0.6) ? [true, OWN_FAULTS] : [false, FAULTS];
  const what = dice.pick(Object.keys(faults));
  const from = Math.floor(dice.between(1_000, length - 5_000));
  const fault = { what, from, until: from + Math.floor(dice.roll() ** 2 * faults[what]) };
  return isOwn ? fault : { ...fault, tab: SERVICE_WORKER };
}

/** Refreshes, and its page is left in the middle. */
function left({ tabs, actions }, dice, at) {
  const tab = dice.below(tabs.length);
  actions.push({ at, tab, do: "rejected" });
  const later = at + dice.below(dice.pick([150, 1_500]));
  actions.push({ at: later, tab, do: dice.pick(["leave", "close"]), absence: 5 + dice.below(3_000) });
}

const THEMES = [
  left,
  left,
  function together({ tabs, actions }, dice, at) {
    for (const { number } of tabs) actions.push({ at: at + dice.below(100), tab: number, do: "rejected" });
  },
  function overtaken({ tabs, actions, faults }, dice, at) {
    faults.push({ what: "worker late", from: at, until: at + 50 });
    for (const { number } of tabs) actions.push({ at: at + dice.below(100), tab: number, do: "rejected" });
  },
  function killed(plan, dice, at) {
    left(plan, dice, at);
    const killed = at + dice.below(dice.pick([200, 1_500]));
    plan.faults.push({ what: "kill", from: killed, until: killed, tab: SERVICE_WORKER });
  },
  function unanswered(plan, dice, at) {
    left(plan, dice, at);
    const from = at + dice.below(40);
    plan.faults.push({ what: "network lost", from, until: from + 100 + dice.below(1_500) });
  },
  function slow(plan, dice, at) {
    left(plan, dice, at);
    plan.faults.push({ what: "network slow", from: at, until: at + 500 });
  },
  function replaced({ tabs, actions, faults }, dice) {
    const at = 4_000 + dice.below(1_000);
    const other = tabs.length - 1;
    const wiped = at + 60 + dice.below(300);
    faults.push({ what: "worker late", from: at, until: at + 50 }, { what: "wipe", from: wiped, until: wiped });
    actions.push({ at, tab: 0, do: "rejected" }, { at: wiped + dice.below(200), tab: other, do: "login", user: "bob" });
  },
];
