import { MeshyClient } from "/pkg/index.js";
import { share } from "/timeline.js";

const { authUrl, accountName, publicKey } = await (await fetch("/config.json")).json();
const { searchParams } = new URL(location.href);
const tenant = searchParams.get("tenant");
let requests = 0;

function countedFetch(...request) {
  requests += 1;
  return fetch(...request);
}

const client = await MeshyClient.initializeWithTenant(accountName, tenant, publicKey, {
  authUrl,
  persistence: "local",
  fetch: countedFetch,
});
share(client, searchParams.get("name"));
const connection = await client.restore();

/** For the page that has opened this one: the token after `rejected`, and what that took. */
window.refresh = async (rejected) => {
  const before = requests;
  await connection.getAccessToken({ rejected });
  return { requests: requests - before, generation: connection.getSnapshot().generation };
};
window.parent.postMessage("ready", location.origin);
