import { config } from "/config.js";
import { share, tracedFetch } from "/lines.js";
import { NaiveClient } from "/naive.js";
import { MeshyClient } from "/pkg/index.js";
import { createClient } from "/pkg/oauth.js";

export { config };
export const tenants = [...new Set(config.users.map((user) => user.tenant))];

/** The tenant and the pair of servers that an address names. */
export function placeIn({ searchParams }) {
  return {
    tenant: tenants.find((tenant) => tenant === searchParams.get("tenant")) ?? tenants[0],
    server:
      config.servers.find(({ reuseWindow }) => String(reuseWindow) === searchParams.get("window")) ?? config.servers[0],
  };
}

/** An address of this site that names a place. */
export function addressOf(path, { tenant, server }) {
  const url = new URL(path, location.origin);
  url.searchParams.set("tenant", tenant);
  url.searchParams.set("window", server.reuseWindow);
  return url;
}

/** This package's client, by form and by redirect, and the naive one, each with a server of its own; both tell all tabs what happens to them. `refreshIn` is for the form. */
export async function openClients({ tenant, server }, { name, refreshIn } = {}) {
  const { accountName, publicKey } = config;
  const header = tenant === "default" ? null : tenant;
  const session = `${server.authUrl} ${tenant}`;
  const form = await MeshyClient.initializeWithTenant(accountName, header, publicKey, {
    authUrl: server.authUrl,
    apiUrl: `${server.authUrl}/api`,
    persistence: "local",
    refreshIn,
  });
  const part = header ? `${accountName}/${header}` : accountName;
  const redirect = await createClient({
    issuer: `${server.authUrl}/${part}`,
    clientId: publicKey,
    scope: "openid meshy.api offline_access",
    apiUrl: `${server.authUrl}/api/${part}`,
    persistence: "local",
  });
  const tell = share({ name, session, whose: "ours" });
  for (const client of [form, redirect]) client.trace(tell);

  const say = share({ name, session, whose: "naive" });
  const naive = new NaiveClient({
    tokenEndpoint: `${server.naiveAuthUrl}/${accountName}/connect/token`,
    apiUrl: `${server.naiveAuthUrl}/api/${accountName}`,
    clientId: publicKey,
    headers: header ? { tenant: header } : {},
    key: `naive session: ${session}`,
    fetch: tracedFetch(say),
    onSignOut: (error) => say({ type: "ended", reason: error ? whyOf(error) : "signed_out" }),
  });
  return { client: together(form, redirect), naive, session };
}

/** Both ways to sign in as one client, whose session is that of the one which has some. */
function together(form, redirect) {
  const clients = [form, redirect];
  const all = (calls) => () => {
    for (const call of calls) call?.();
  };
  return {
    redirect,
    login: form.login,
    restore: async () => (await form.restore()) ?? redirect.restore(),
    subscribe: (listener) => all(clients.map((client) => client.subscribe(listener))),
    getSnapshot() {
      const snapshots = clients.map((client) => client.getSnapshot());
      return snapshots.find(({ connection }) => connection) ?? snapshots[0];
    },
    [Symbol.dispose]: all(clients.map((client) => client[Symbol.dispose])),
  };
}

function whyOf({ name, message }) {
  if (name === "TypeError") return "no answer came";
  if (name === "SyntaxError") return "the answer was a web page";
  return message.endsWith(" 400") ? `${message}: it has ended the session` : message;
}
