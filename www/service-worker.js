import { config } from "/config.js";
import { initializeWithTenant } from "/pkg/index.js";
import { keepRefreshing } from "/pkg/service-worker.js";

const channel = new BroadcastChannel("meshydb-client demo");
const tenants = new Set(config.users.map(({ tenant }) => tenant));

addEventListener("install", () => skipWaiting());
for (const { authUrl } of config.servers) {
  for (const tenant of tenants) keepRefreshing(open(authUrl, tenant));
}

/** The client of the form, which tells all tabs what happens to it. */
async function open(authUrl, tenant) {
  const { accountName, publicKey } = config;
  const header = tenant === "default" ? null : tenant;
  const options = { authUrl, persistence: "local" };
  const client = await initializeWithTenant(accountName, header, publicKey, options);
  const line = { id: "worker", name: "Worker", session: `${authUrl} ${tenant}`, whose: "ours" };
  client.trace((event) => channel.postMessage({ ...line, ...event }));
  return client;
}
