import { withHosts } from "../shared/hosts.mjs";
import { joined, of, times } from "../shared/words.mjs";
import { hostProgram, withFolder, withRedis, withTokenServer } from "./places.mjs";

/** Processes that share a session through a file store, all of which are refused the token so many times. */
export function fileExpiries(options) {
  return withFolder((folder) => refused({ folder }, options));
}

/** The same through Redis. */
export function redisExpiries(options) {
  return withRedis(({ path }) => refused({ socket: path }, options));
}

function refused(store, { processes, expiries, progress }) {
  return withTokenServer((server) => {
    const config = { store, tokenEndpoint: `${server.url}/token` };
    return withHosts(hostProgram, Array(processes).fill(config), async (hosts) => {
      const [first, ...others] = hosts;
      let token = await first.call("open", "default", true);
      for (const host of others) await host.call("open", "default");
      let alike = 0;
      for (let expiry = 1; expiry <= expiries; expiry++) {
        const rejected = token;
        const answers = await Promise.all(hosts.map((host) => host.told("token", "default", rejected)));
        const tokens = new Set(answers.map(({ value, error }) => value ?? error.code));
        [token] = tokens;
        if (tokens.size === 1 && token !== rejected && server.accepts(token)) alike += 1;
        if (expiry % 25 === 0) progress(`${expiry} expiries, ${server.refreshes.length} requests`);
      }
      const requests = server.refreshes.length;
      return {
        cell: joined(times(requests, "request"), times(server.reused, "reuse"), `same token ${of(alike, expiries)}`),
        holds: requests === expiries && server.reused === 0 && alike === expiries,
      };
    });
  });
}
