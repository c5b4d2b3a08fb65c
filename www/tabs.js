const COUNT = 20;
const element = (id) => document.getElementById(id);
const frames = [];

/** Opens twenty pages of this site, each with a client of its own as a tab has, or closes them. */
export async function openTabs(tenant) {
  closeTabs();
  const opened = Array.from({ length: COUNT }, (_, index) => openTab(tenant, index + 1));
  await Promise.all(opened);
  element("refresh-tabs").disabled = false;
  element("tabs-outcome").textContent = `${COUNT} tabs are open.`;
}

export function closeTabs() {
  frames.length = 0;
  element("tabs").replaceChildren();
  element("refresh-tabs").disabled = true;
  element("tabs-outcome").textContent = "";
}

/** All of them ask in the same moment for the token after the one that all of them have. */
export async function refreshTabs(rejected) {
  const outcomes = await Promise.all(frames.map(({ page }) => page.contentWindow.refresh(rejected)));
  for (const [index, { requests, generation }] of outcomes.entries()) {
    const { lane, did } = frames[index];
    lane.dataset.did = requests > 0 ? "sent" : "adopted";
    did.textContent = `${requests > 0 ? "sent the request" : "took its answer"} · generation ${generation}`;
  }
  const requests = outcomes.reduce((sum, outcome) => sum + outcome.requests, 0);
  const outcome = `${COUNT} tabs asked, ${requests} ${requests === 1 ? "request was" : "requests were"} made.`;
  element("tabs-outcome").textContent = outcome;
  return outcome;
}

function openTab(tenant, number) {
  const page = document.createElement("iframe");
  page.hidden = true;
  page.title = `Tab ${number}`;
  page.src = `/tab.html?${new URLSearchParams({ name: page.title, ...(tenant && { tenant }) })}`;
  const lane = document.createElement("li");
  const did = document.createElement("span");
  did.textContent = "waits";
  lane.append(page, `Tab ${number}`, did);
  frames.push({ page, lane, did });
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
