import { fileURLToPath } from "node:url";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { accounts, users } from "../../dev/seed.mjs";
import { startPageServer } from "./page-server.mjs";

const [account] = accounts;
const accessTokenLifetime = 60;
/** Seconds in which a spent refresh token is accepted again: a strict server, and one with a window. */
const reuseWindows = [0, 30];
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * The demo's site, and two pairs of authorization servers: those of a pair are configured alike, one for each client.
 * `authPort` is that of the first, `log` is called with each request that any of them has answered, and whose client
 * it is for.
 */
export async function startDemo({ port, authPort, log = () => {} } = {}) {
  const pairs = [];
  for (const reuseWindow of reuseWindows) {
    const start = (whose, at) =>
      startAuthorizationServer({
        port: at,
        reuseWindow,
        accessTokenLifetime,
        log: (entry) => log({ ...entry, whose }),
      });
    const ours = await start("ours", pairs.length === 0 ? authPort : 0).catch(explain);
    pairs.push({ reuseWindow, ours, naive: await start("naive", 0) });
  }
  const site = await startPageServer({
    port,
    root: path(".."),
    packageRoot: path("../../pkg"),
    peerRoot: path("../../node_modules/oauth4webapi/build"),
    documentRoot: path("../.."),
    config: {
      accountName: account.name,
      publicKey: account.publicKey,
      accessTokenLifetime,
      users: users.filter((user) => user.account === account.name),
      servers: pairs.map(({ reuseWindow, ours, naive }) => ({
        reuseWindow,
        authUrl: ours.url,
        naiveAuthUrl: naive.url,
      })),
    },
  });
  const servers = [site, ...pairs.flatMap(({ ours, naive }) => [ours, naive])];
  return { url: site.url, pairs, close: () => Promise.all(servers.map((server) => server.close())) };
}

function explain(error) {
  if (error.cause?.code === "EADDRINUSE") error.message += " with AUTH_PORT";
  throw error;
}
