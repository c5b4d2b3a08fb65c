import { addressOf } from "/clients.js";

const COUNT = 20;
const element = (id) => document.getElementById(id);
const frames = [];

/** Opens twenty pages of this site, each with clients of its own as a tab has, or closes them. */
export async function openTabs(place) {
  closeTabs();
  const opened = Array.from({ length: COUNT }, (_, index) => openTab(place, `Tab ${index + 1}`));
  await Promise.all(opened);
  element("refresh-tabs").disabled = false;
  return say(`${COUNT} tabs are open.`);
}

export function closeTabs() {
  frames.length = 0;
  element("tabs").replaceChildren();
  element("refresh-tabs").disabled = true;
  element("tabs-outcome").textContent = "";
}

/** All of them ask in the same moment for the token after the one that all of them have, with each client that is signed in. */
export async function refreshTabs({ rejected, hasNaive }) {
  const [outcomes, naives] = await Promise.all([
    Promise.all(frames.map(({ page }) => page.contentWindow.refresh(rejected))),
    Promise.all(hasNaive ? frames.map(({ page }) => page.contentWindow.refreshNaive()) : []),
  ]);
  for (const [index, { requests, generation }] of outcomes.entries()) {
    const { lane, did, naiveDid } = frames[index];
    lane.dataset.did = requests > 0 ? "sent" : "adopted";
    did.textContent = requests > 0 ? "sent the request" : "took its answer";
    lane.dataset.generation = generation;
    naiveDid.textContent = hasNaive ? `naive: ${naives[index].isRefreshed ? "new token" : "signed out"}` : "";
  }
  const refused = naives.filter(({ isRefreshed }) => !isRefreshed).length;
  const naive = `The naive client made ${sum(naives)} with one refresh token${refused > 0 ? `: ${refused} failed` : ""}.`;
  const ours = `${COUNT} tabs asked, ${sum(outcomes)} ${sum(outcomes) === 1 ? "request was" : "requests were"} made.`;
  return say(hasNaive ? `${ours} ${naive}` : ours);
}

function say(words) {
  element("tabs-outcome").textContent = words;
  return words;
}

function sum(outcomes) {
  return outcomes.reduce((total, { requests }) => total + requests, 0);
}

function openTab(place, name) {
  const page = document.createElement("iframe");
  page.hidden = true;
  page.title = name;
  const url = addressOf("/tab.html", place);
  url.searchParams.set("name", name);
  page.src = url;
  const lane = document.createElement("li");
  const did = document.createElement("span");
  const naiveDid = document.createElement("span");
  did.textContent = "waits";
  lane.append(page, name, did, naiveDid);
  frames.push({ page, lane, did, naiveDid });
  const ready = new Promise((resolve) => {
    addEventListener("message", function listen({ source }) {
      if (source !== page.contentWindow) return;
      removeEventListener("message", listen);
      resolve();
    });
  });
  element("tabs").append(lane);
  return ready;
}
