import { choice } from "/choice.js";
import { follow } from "/lines.js";

const element = (id) => document.getElementById(id);

const lasting = [
  { label: "They answer", says: "Both servers answer." },
  { label: "Slow", says: "Both servers answer after 3 seconds.", fault: { name: "delay", milliseconds: 3000 } },
  {
    label: "429",
    says: "Both servers answer 429: too many requests, wait 3 seconds.",
    fault: { name: "too_many_requests", retry_after: 3 },
  },
  { label: "503", says: "Both servers answer 503: unavailable.", fault: { name: "unavailable" } },
  {
    label: "Captive portal",
    says: "A captive portal answers for both servers, with a web page.",
    fault: { name: "captive_portal" },
  },
  { label: "Login redirect", says: "Both servers redirect to a login page.", fault: { name: "login_redirect" } },
  { label: "Offline", says: "Both servers break every connection.", fault: { name: "offline" } },
];
const losing = { name: "lose_answer", times: 1 };
const slowing = { name: "delay", milliseconds: 3000, times: 1 };

const losers = {
  ours: "The next answer of this client's server is lost.",
  naive: "The next answer of the naive client's server is lost.",
  both: "The next answer of each server is lost.",
};

let urls = [];
let plan = [];
let loser;

/** Draws the switches. `act` runs what a control does, and shows what goes wrong. */
export function drawFaults(act) {
  element("faults").replaceChildren(
    ...lasting.map((entry) =>
      choice({ name: "fault", label: entry.label }, (radio) => act(radio, "Fault", () => choose(entry))),
    ),
  );
  follow(({ type }) => {
    if (type === "answer" && loser) readFaults().catch(() => {});
  });
  element("lose").addEventListener("click", ({ target }) =>
    act(target, "Fault", () => (loser ? loseNothing() : replace([losing, ...plan.filter(isLasting)]))),
  );
  element("clear").addEventListener("click", ({ target }) => act(target, "Fault", () => replace([])));
}

/** From now on the faults are those of this pair of servers, and what is shown is what they have on. */
export function faultsOf({ authUrl, naiveAuthUrl }) {
  urls = [authUrl, naiveAuthUrl].map((url) => `${url}/faults`);
  return readFaults();
}

/** Asks both servers what is on: a fault for one answer goes off with that answer. */
export async function readFaults() {
  const [ours, naives] = await Promise.all(urls.map(async (url) => (await fetch(url)).json()));
  plan = [...ours, ...naives.filter(({ name }) => !ours.some((fault) => fault.name === name))];
  const [isOurs, isNaive] = [ours, naives].map((list) => list.some(({ name }) => name === losing.name));
  loser = isOurs && isNaive ? "both" : isOurs ? "ours" : isNaive ? "naive" : undefined;
  render();
}

/** Has each server answer its next request late. */
export function slowNextAnswer() {
  return replace([slowing, ...plan.filter(isLasting)]);
}

/** Takes back a fault that waits for the next answer: a server whose client is signed out still has it. */
export async function loseNothing() {
  if (loser) await replace(plan.filter(isLasting));
}

function choose({ fault }) {
  return replace([...plan.filter((other) => !isLasting(other)), ...(fault ? [fault] : [])]);
}

async function replace(next) {
  const body = JSON.stringify(next);
  const headers = { "content-type": "application/json" };
  await Promise.all(urls.map((url) => fetch(url, { method: "PUT", headers, body })));
  await readFaults();
}

function isLasting({ times }) {
  return times === undefined;
}

function render() {
  const on = lasting.findLastIndex(
    ({ fault }) => !fault || plan.some((one) => isLasting(one) && one.name === fault.name),
  );
  const { says } = lasting[on];
  element("faults").querySelectorAll("input")[on].checked = true;
  element("lose").setAttribute("aria-pressed", String(!!loser));
  const words = loser ? [losers[loser], on > 0 && `Then: ${says}`].filter(Boolean).join(" ") : says;
  element("faults-on").textContent = element("faulty-words").textContent = words;
  element("faulty").hidden = plan.length === 0;
}
