import { tables } from "../shared/table.mjs";
import { cached, start } from "./clients.mjs";
import { contenders } from "./contenders.mjs";
import { partNames, parts } from "./parts.mjs";
import { processes } from "./processes.mjs";
import { runProgram, withServer } from "./run.mjs";
import { median } from "./samples.js";
import {
  cachedTable,
  connectionsTable,
  cyclesTable,
  processesTable,
  requestsTable,
  startTable,
  waitersTable,
} from "./tables.mjs";
import { judged } from "./targets.mjs";

const FULL = { rounds: 41, milliseconds: 20, requests: 2_000, starts: 30, waiters: 10_000, connections: 10_000 };
const QUICK = { rounds: 3, milliseconds: 1, requests: 20, starts: 1, waiters: 200, connections: 200 };

const measures = {
  cached,
  requests: ({ requests: rounds }) => withServer((url) => requests(url, rounds)),
  start: ({ starts, ...asked }) => start({ ...asked, rounds: starts }),
  processes,
  waiters: ({ waiters, starts }) => runProgram("waiters", { waiters, rounds: starts }),
  connections: ({ connections }) => runProgram("connections", { connections }),
  cycles: ({ cycles, progress }) => runProgram("cycles", { cycles }, progress),
};

const tableOf = {
  cached: cachedTable,
  requests: requestsTable,
  start: startTable,
  processes: processesTable,
  waiters: waitersTable,
  connections: connectionsTable,
  cycles: cyclesTable,
};

/** Measures all parts, or one: to the figures, the tables by part, and what is said of the targets. */
export async function bench({ only, isQuick = false, withPeers = false, cycles, progress = () => {} }) {
  const counts = { ...(isQuick ? QUICK : FULL), cycles };
  const asked = { ...counts, contenders: await contenders({ withPeers }) };
  const figures = {};
  const sections = {};
  for (const name of only ? [only] : partNames) {
    const { title } = parts[name];
    progress(title);
    figures[name] = await measures[name]({ ...asked, progress: (text) => progress(`${name}: ${text}`) });
    sections[name] = { title, table: tableOf[name](figures[name], counts) };
  }
  const verdicts = judged(figures, withPeers);
  const rows = verdicts.map(({ text, goal, limit, value, verdict }) => [text, goal, limit, value, verdict]);
  const targetTable = tables(["goal", "fails above", "measured", ""], rows);
  const of = (verdict) => verdicts.filter(({ holds }) => holds === verdict).map(({ text }) => text);
  return { figures, sections, targetTable, held: of(true), missed: of(false) };
}

async function requests(url, rounds) {
  const samples = await runProgram("requests", { url, rounds });
  const medians = (names) =>
    Object.fromEntries(Object.entries(names).map(([name, numbers]) => [name, median(numbers)]));
  return Object.fromEntries(Object.entries(samples).map(([grant, names]) => [grant, medians(names)]));
}
