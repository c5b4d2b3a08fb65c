import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../../dev/dice.mjs";
import { initialize } from "../../pkg/index.js";
import { redisStore } from "../../pkg/redis.js";
import { startProxy } from "../shared/redis-server.mjs";
import { faults } from "../shared/token-server.mjs";
import { counted, joined, of, times } from "../shared/words.mjs";
import { withRedis, withTokenServer } from "./places.mjs";

/** Milliseconds within which all hosts must have the same token when a strike is over. */
const RECOVERY = 30_000;
const LONGEST_OUTAGE = 2_000;
const PAUSE = [500, 8_000];
const PARTITION = [500, 6_000];

/** What strikes: each does so at once, and resolves when it is over. */
export const strikes = {
  async restarted({ redis, dice, round }) {
    await redis.stop(round % 2 ? "SIGTERM" : "SIGKILL");
    await sleep(between(dice, 0, LONGEST_OUTAGE));
    await redis.restart();
  },
  async paused({ redis, dice }) {
    redis.pause();
    await sleep(between(dice, ...PAUSE));
    redis.resume();
  },
  async partitioned({ dice }, host) {
    host.proxy.cut();
    await sleep(between(dice, ...PARTITION));
    host.proxy.heal();
  },
};

/** When it strikes: each resolves to when that was over, and what a call at an expiry came to in each host. */
export const moments = {
  async "mid-refresh"(world, strike) {
    const { server, requests, dice, hosts } = world;
    const { promise, open } = gate();
    server.fault = faults.delayed(promise);
    const calls = hosts.map((host) => host.token());
    await server.received(requests + 1);
    const sender = hosts.find((host) => host.hasSent);
    const over = strike(world, sender);
    if (dice() < 0.5) await over;
    server.fault = undefined;
    open();
    return [await ended(over), await Promise.all(calls)];
  },
  async "before the claim"(world, strike) {
    let over;
    for (const host of world.hosts) {
      host.beforeSwap = () => {
        over ??= ended(strike(world, host));
      };
    }
    const outcomes = await Promise.all(world.hosts.map((host) => host.token()));
    return [await over, outcomes];
  },
};

async function ended(strike) {
  await strike;
  return performance.now();
}

function gate() {
  let open;
  const promise = new Promise((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** One kind of strike at one moment, so many times, each with a session of its own that hosts share through Redis. */
export function redisChaos(strike, moment, { hosts: count, rounds, dice, progress }) {
  return withRedis((redis) =>
    withTokenServer(async (server) => {
      const hosts = [];
      try {
        while (hosts.length < count) hosts.push(await ChaosHost.start(redis, server));
        const played = [];
        for (let round = 1; round <= rounds; round++) {
          const world = { redis, server, requests: server.refreshes.length, hosts, dice, round };
          played.push(await play(world, strikes[strike], moments[moment]));
          if (round % 5 === 0) progress(`${round} times, ${server.refreshes.length} requests`);
        }
        return verdict(played, server);
      } finally {
        redis.closeClients();
        await Promise.all(hosts.map((host) => host.proxy.close()));
      }
    }),
  );
}

async function play(world, strike, moment) {
  const { server, requests, hosts, round } = world;
  for (const host of hosts) await host.open(`session ${round}`, host === hosts[0]);
  const [over, outcomes] = await moment(world, strike);
  const second = await agreed(hosts, server);
  const ms = performance.now() - over;
  for (const host of hosts) host.rejected = second;
  const third = second && (await agreed(hosts, server));
  for (const host of hosts) host.close();
  const isOnce = server.refreshes.length === requests + 2;
  return { isAlive: !!third && third !== second, isOnce, ms, errors: outcomes.map(({ error }) => error) };
}

/** The token that all hosts have come to; nothing if they do not come to one that the server accepts. */
async function agreed(hosts, server) {
  const end = performance.now() + RECOVERY;
  while (performance.now() < end) {
    const outcomes = await Promise.all(hosts.map((host) => host.token()));
    const tokens = new Set(outcomes.map(({ token }) => token));
    const [token] = tokens;
    if (tokens.size === 1 && server.accepts(token)) return token;
  }
}

class ChaosHost {
  #store;
  #client;
  #connection;
  rejected;
  hasSent = false;
  beforeSwap;

  static async start(redis, server) {
    const host = new ChaosHost();
    host.proxy = await startProxy(redis.path);
    host.#store = redisStore(await redis.client(undefined, { socket: host.proxy.socket }));
    host.server = server;
    return host;
  }

  async open(slot, isFirst) {
    const persistence = {
      read: (key) => this.#store.read(key),
      watch: (key, changed) => this.#store.watch(key, changed),
      compareAndSet: (...args) => {
        this.beforeSwap?.();
        return this.#store.compareAndSet(...args);
      },
    };
    const send = (...args) => {
      this.hasSent = true;
      return fetch(...args);
    };
    const tokenEndpoint = `${this.server.url}/token`;
    this.#client = await initialize("fleet", "fleet-key", { tokenEndpoint, persistence, slot, fetch: send });
    this.#connection = isFirst ? await this.#client.login("alice", "wonderland") : await this.#client.restore();
    this.rejected = await this.#connection.getAccessToken();
    this.hasSent = false;
    this.beforeSwap = undefined;
  }

  async token() {
    try {
      return { token: await this.#connection.getAccessToken({ rejected: this.rejected }) };
    } catch ({ code, reason }) {
      return { error: reason ?? code };
    }
  }

  close() {
    this.#client[Symbol.dispose]();
  }
}

function verdict(played, server) {
  const alive = played.filter(({ isAlive }) => isAlive).length;
  const once = played.filter(({ isOnce }) => isOnce).length;
  const errors = counted(played.flatMap((round) => round.errors.filter(Boolean)));
  const longest = Math.max(...played.map(({ ms }) => ms));
  const { revoked } = server.families;
  const cell = joined(
    times(server.reused, "reuse"),
    alive === played.length ? "same token and lives each time" : `**lives ${of(alive, played.length)}**`,
    `one request ${of(once, played.length)}`,
    `as one after ${(longest / 1000).toFixed(1)} s at most`,
    errors && `meanwhile ${errors}`,
  );
  return { cell, holds: alive === played.length && server.reused === 0 && revoked === 0 };
}
