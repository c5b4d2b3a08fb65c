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

let urls = [];
let plan = [];

/** Draws the switches. `act` runs what a control does, and shows what goes wrong. */
export function drawFaults(act) {
  element("faults").replaceChildren(
    ...lasting.map((entry) =>
      choice({ name: "fault", label: entry.label }, (radio) => act(radio, "Fault", () => choose(entry))),
    ),
  );
  follow(({ type }) => {
    if (type === "answer" && losesNext()) readFaults().catch(() => {});
  });
  element("lose").addEventListener("click", ({ target }) =>
    act(target, "Fault", () => replace([losing, ...plan.filter(isLasting)])),
  );
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
  render();
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

function losesNext() {
  return plan.some(({ name }) => name === losing.name);
}

function isLasting({ times }) {
  return times === undefined;
}

function render() {
  const on = lasting.findLastIndex(({ fault }) => !fault || plan.some(({ name }) => name === fault.name));
  const { says } = lasting[on];
  element("faults").querySelectorAll("input")[on].checked = true;
  element("lose").setAttribute("aria-pressed", String(losesNext()));
  element("faults-on").textContent = losesNext() ? `The next answer is lost. ${on > 0 ? `Then: ${says}` : ""}` : says;
}
