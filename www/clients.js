import { share, tracedFetch } from "/lines.js";
import { NaiveClient } from "/naive.js";
import { MeshyClient } from "/pkg/index.js";

export const config = await (await fetch("/config.json")).json();
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

/** This package's client and the naive one, each with a server of its own; both tell all tabs what happens to them. */
export async function openClients({ tenant, server }, name) {
  const { accountName, publicKey } = config;
  const header = tenant === "default" ? null : tenant;
  const session = `${server.authUrl} ${tenant}`;
  const client = await MeshyClient.initializeWithTenant(accountName, header, publicKey, {
    authUrl: server.authUrl,
    apiUrl: `${server.authUrl}/api`,
    persistence: "local",
  });
  client.trace(share({ name, session, whose: "ours" }));

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
  return { client, naive, session };
}

function whyOf({ name, message }) {
  if (name === "TypeError") return "no answer came";
  if (name === "SyntaxError") return "the answer was a web page";
  return message.endsWith(" 400") ? `${message}: it has ended the session` : message;
}
