import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededDice } from "../../dev/dice.mjs";
import { root, StepError } from "../../scripts/steps.mjs";
import { tables } from "../shared/table.mjs";
import { moments, redisChaos, strikes } from "./chaos.mjs";
import { fileExpiries, redisExpiries } from "./expiries.mjs";
import { fileKills } from "./kills.mjs";
import { manySessions } from "./many.mjs";

const HOSTS = 6;
const EXPIRIES = { processes: 8, expiries: 100 };
/** Milliseconds that a case may take at most, and more for each kill, session or round. */
const LIMIT = 300_000;
const LIMIT_EACH = 1_000;
const LIMIT_ROUND = 60_000;

const INTRODUCTION = `# The fleet

What becomes of a session that processes and hosts share, while they are killed and Redis misbehaves, with a server that
revokes everything when a refresh token is used twice. \`npm run fleet\` plays it, prints this table and fails if something
is not as it must be; \`-- --only file\` (or \`redis\`, \`kills\`, \`chaos\`, \`many\`) plays one of it, \`--kills 10000\`,
\`--sessions 10000\` and \`--rounds 100\` play more, and \`--seed S\` repeats the random delays. It is in \`tests/fleet\`, where
\`fleet.test.mjs\` plays a little of it each time.

- **file**, **redis**: 8 processes that share a session are refused the token 100 times, all at once.
- **kills**: 4 processes at a time that refresh without end through a file store are killed with SIGKILL, at random
  instants, some of them just after they have sent, and replaced. A fifth lives and must get on: nobody may wait as long
  as for a holder that is not known to be dead, 11 s. The server answers a spent token that comes again within 10 s.
- **chaos**: Redis is restarted; or stopped for 0.5 to 8 s; or one of 6 hosts, the one that refreshes, is cut off from it
  for 0.5 to 6 s. That strikes while the server holds a refresh, and just before a claim.
- **many**: sessions that 6 processes share through one Redis, with answers after up to 6.5 of the 10 s that a client waits.
`;

/** What there is to play: each case by its name in the table. */
function cases({ kills, sessions, rounds, seed }) {
  const chaos = Object.keys(strikes).flatMap((strike) =>
    Object.keys(moments).map((moment) => [
      `chaos: ${strike} ${moment}`,
      (tools) => redisChaos(strike, moment, { hosts: HOSTS, rounds, ...tools }),
      rounds * LIMIT_ROUND,
    ]),
  );
  const all = [
    ["file", (tools) => fileExpiries({ ...EXPIRIES, ...tools }), 0],
    ["redis", (tools) => redisExpiries({ ...EXPIRIES, ...tools }), 0],
    ["kills", (tools) => fileKills({ kills, ...tools }), kills * LIMIT_EACH],
    ...chaos,
    ["many", (tools) => manySessions({ sessions, hosts: HOSTS, ...tools }), sessions * LIMIT_EACH],
  ];
  return all.map(([name, work, more], index) => ({ name, work, limit: LIMIT + more, seed: seed + index }));
}

/** Plays what is asked for, prints what came of it, and rejects if something is not as it must be. */
export async function fleet(options) {
  const chosen = cases(options).filter(({ name }) => name.startsWith(options.only));
  const isChaos = ({ name }) => name.startsWith("chaos");
  console.log(`seed ${options.seed}`);
  const results = [];
  for (const one of chosen.filter((one) => !isChaos(one) && one.name !== "many")) results.push(await play(one));
  results.push(...(await Promise.all(chosen.filter(isChaos).map(play))));
  for (const one of chosen.filter(({ name }) => name === "many")) results.push(await play(one));
  const table = tables(
    ["came of it"],
    results.map(({ name, cell }) => [name, cell]),
  );
  console.log(`\n${table}`);
  const failed = results.filter(({ holds }) => !holds).map(({ name }) => name);
  if (failed.length) throw new StepError(`Not as it must be: ${failed.join(", ")}`);
  if (!options.only) writeFileSync(join(root, "docs/fleet.md"), fleetDocument(table, options));
}

async function play({ name, work, limit, seed }) {
  const start = performance.now();
  const progress = (text) => console.log(`  ${name}: ${text}`);
  let timer;
  const tooLong = new Promise((resolve) => {
    timer = setTimeout(resolve, limit, { cell: "**not over**", holds: false });
  });
  const failure = ({ message }) => ({ cell: message.split("\n")[0], holds: false });
  const result = await Promise.race([work({ dice: seededDice(seed), progress }).catch(failure), tooLong]);
  clearTimeout(timer);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${result.holds ? "✓" : "✗"} ${name}: ${result.cell} (${seconds} s)`);
  return { name, ...result };
}

function fleetDocument(table, { kills, sessions, rounds, seed }) {
  const command = `npm run fleet -- --kills ${kills} --sessions ${sessions} --rounds ${rounds} --seed ${seed}`;
  return `${INTRODUCTION}\n${table}\n\nLast run: \`${command}\`.\n`;
}
