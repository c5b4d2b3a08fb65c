import "/clock.js";
import { openClients, placeIn } from "/clients.js";
import { follow } from "/lines.js";

const url = new URL(location.href);
const requests = { ours: 0, naive: 0 };

follow(({ isHere, whose, type }) => {
  if (isHere && type === "request") requests[whose] += 1;
});
const { client, naive } = await openClients(placeIn(url), { name: url.searchParams.get("name") });
const connection = await client.restore();

/** For the page that has opened this one: the token after `rejected`, and what that took. */
window.refresh = async (rejected) => {
  const before = requests.ours;
  await connection.getAccessToken({ rejected });
  return { requests: requests.ours - before, generation: connection.getSnapshot().generation };
};

/** The same of the naive client, which refreshes for itself. */
window.refreshNaive = async () => {
  const before = requests.naive;
  const isRefreshed = await naive.refresh().then(
    () => true,
    () => false,
  );
  return { requests: requests.naive - before, isRefreshed };
};
window.parent.postMessage("ready", location.origin);
