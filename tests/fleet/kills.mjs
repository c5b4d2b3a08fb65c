import { EventEmitter, once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { between } from "../../dev/dice.mjs";
import { initialize } from "../../pkg/index.js";
import { fileStore } from "../../pkg/node.js";
import { Host } from "../shared/hosts.mjs";
import { faults } from "../shared/token-server.mjs";
import { counted, joined, times } from "../shared/words.mjs";
import { hostProgram, withFolder, withTokenServer } from "./places.mjs";

const GRACE = 10_000;
/** Milliseconds that a claim counts where nobody can tell that its holder is dead. */
const CLAIM = 11_000;
const POOL = 4;
/** Milliseconds of its refreshing within which a process is killed. */
const LIFE = 100;
/** So many are first waited for until they have sent, if they soon do. */
const SENDERS = 0.25;
const SOON = 500;
const LONGEST_ANSWER = 100;
const LEFT_BY_EACH = 4;

/** Processes that refresh all the time through a file store, and are killed while they do. */
export function fileKills(options) {
  return withFolder((folder) => withTokenServer((server) => kill(folder, server, options)));
}

async function kill(folder, server, { kills, dice, progress }) {
  server.reuseWindow = GRACE;
  server.fault = (...args) => faults.delayed(sleep(between(dice, 0, LONGEST_ANSWER)))(...args);
  const lives = Array.from({ length: kills }, () => ({ isToSend: dice() < SENDERS, ms: between(dice, 0, LIFE) }));
  const config = { store: { folder }, tokenEndpoint: `${server.url}/token`, isRestless: true };
  const session = await signIn(folder, config);
  const seen = { longest: 0, calls: 0, failures: [] };
  const heard = ({ ms, error }) => {
    if (ms === undefined) return;
    seen.calls += 1;
    seen.longest = Math.max(seen.longest, ms);
    if (error) seen.failures.push(`${error.code} (${error.message})`);
  };
  const witness = new Host(hostProgram, config, heard);
  let killed = 0;
  const killAll = async () => {
    for (let life = lives.pop(); life !== undefined; life = lives.pop()) {
      const sending = new EventEmitter();
      const host = new Host(hostProgram, config, (message) =>
        message.isSending ? sending.emit("sending") : heard(message),
      );
      const hasSent = once(sending, "sending");
      await host.ready().catch(() => {});
      if (life.isToSend) await Promise.race([hasSent, sleep(SOON)]);
      await sleep(life.ms);
      if (!(await host.kill())) {
        seen.failures.push("a process ended by itself");
        lives.length = 0;
      }
      await session.look();
      killed += 1;
      if (killed % 100 === 0) progress(`${killed} kills, ${server.refreshes.length} requests`);
    }
  };
  try {
    await witness.ready().catch(() => {});
    await Promise.all(Array.from({ length: POOL }, killAll));
    const before = seen.calls;
    const end = performance.now() + CLAIM;
    while (seen.calls < before + 3 && performance.now() < end) await sleep(10);
    if (seen.calls < before + 3) seen.failures.push("the last one does not get on");
  } finally {
    if (!(await witness.kill())) seen.failures.push("the last one ended by itself");
  }
  return verdict(killed, server, seen, await session.life(server));
}

/** A session in a file store, as one sees it who only reads, until its end. */
async function signIn(folder, { tokenEndpoint }) {
  const store = fileStore(folder);
  let key;
  const persistence = {
    read: (name) => store.read(name),
    compareAndSet(name, ...texts) {
      key = name;
      return store.compareAndSet(name, ...texts);
    },
  };
  const start = (shared) => initialize("fleet", "fleet-key", { tokenEndpoint, persistence: shared });
  await start(persistence).login("alice", "wonderland");
  const { sid, generation } = JSON.parse(await store.read(key));
  const damages = [];
  let last = generation;
  const look = async () => {
    try {
      const record = JSON.parse(await store.read(key));
      if (record.sid !== sid) throw new Error("another session");
      if (record.generation < last) throw new Error("an older generation");
      last = record.generation;
    } catch ({ message }) {
      damages.push(message);
    }
  };
  const left = async () => (await readdir(join(folder, (await readdir(folder))[0]))).length;
  const life = async (server) => {
    const files = await left();
    try {
      const connection = await start(store).restore();
      const rejected = await connection.getAccessToken();
      const isAlive = server.accepts(await connection.getAccessToken({ rejected }));
      await look();
      return { damages, files, isAlive };
    } catch {
      return { damages, files, isAlive: false };
    }
  };
  return { look, life };
}

function verdict(killed, server, { longest, failures }, { damages, files, isAlive }) {
  const { issued, revoked } = server.families;
  const isLive = isAlive && issued === 1 && revoked === 0;
  const isTidy = files <= LEFT_BY_EACH * (POOL + 1);
  const cell = joined(
    times(killed, "kill"),
    times(server.refreshes.length, "request"),
    `${times(server.repeated, "lost answer")} asked for again`,
    damages.length ? `**damaged** (${counted(damages)})` : "each read whole",
    `${isTidy ? "" : "**"}${times(files, "file")} left${isTidy ? "" : "**"}`,
    `longest wait ${(longest / 1000).toFixed(1)} s`,
    failures.length > 0 && `**${counted(failures)}**`,
    isLive ? "lives" : "**lost**",
  );
  return { cell, holds: isLive && isTidy && !damages.length && !failures.length && longest < CLAIM };
}
