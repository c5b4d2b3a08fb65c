import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { faultNames } from "../../dev/faults.mjs";
import { close, listen } from "../../dev/http.mjs";
import { withHosts } from "../shared/hosts.mjs";
import { tables } from "../shared/table.mjs";
import { joined, times } from "../shared/words.mjs";
import { Log } from "./log.mjs";

const PROCESSES = 2;
const RATE = 0.2;
/** Milliseconds that a client waits for an answer: so long that those of a busy machine are in time. */
const TIMEOUT = 10_000;
const LIFETIMES = { accessTokenLifetime: 60, refreshTokenLifetime: 3_600, reuseWindow: 600 };
const SIGNS_OF_LIFE = 20;

const account = { name: "soak", publicKey: "soak-public-key", tenants: ["default"] };
const INTRODUCTION = `# The soak

What becomes of many sessions over many refreshes, while every fault that the [development server](../dev/README.md) has
befalls one in five of their requests. \`npm run soak\` plays it, prints this table and fails if something is not as it must
be; \`-- --refreshes 1000\` and \`--sessions 50\` play less, and \`--seed S\` throws the same dice again. It is in \`tests/soak\`, where
\`soak.test.mjs\` plays a little of it each time.

The sessions are those of the built package, in ${PROCESSES} processes, each with a user of its own; what they ask for is
always another token. The server rotates, and accepts a spent token for ${LIFETIMES.reuseWindow / 60} minutes. What is judged comes from its log, which
knows refresh tokens by a hash:

- no session is lost, and each is still that of its user: the API says so;
- without a fault the server refuses nothing;
- no token is presented more often than once, and once more for each answer that brought nothing, or that came after the
  ${TIMEOUT / 1_000} s that a client waits;
- nothing reaches the server that redirects lead to: that one counts.
`;

const program = fileURLToPath(new URL("sessions.mjs", import.meta.url));

/** So many sessions refresh side by side, while random faults befall their requests: to what came of them. */
export async function soak({ refreshes, sessions, seed, timeout = TIMEOUT, progress = () => {} }) {
  const each = Math.ceil(refreshes / sessions);
  const log = new Log();
  const note = progressOf(log, Math.ceil((each * sessions) / SIGNS_OF_LIFE), progress);
  const users = usersOf(sessions);
  const server = await startAuthorizationServer({ ...LIFETIMES, accounts: [account], users, log: note });
  const stranger = await startStranger();
  const faults = { seed, rate: RATE, names: faultNames, milliseconds: 50, origin: stranger.origin };
  const start = performance.now();
  try {
    const outcome = await withHosts(program, configs(server, users, timeout), async (hosts) => {
      const all = async (method, ...args) =>
        (await Promise.all(hosts.map((host) => host.call(method, ...args)))).flat();
      await all("signIn");
      server.setFaults(faults);
      await all("refresh", each);
      server.setFaults([]);
      const lost = await all("refresh", 1);
      const failed = await all("failed");
      return { lost, alive: sum(await all("alive")), unanswered: sum(failed.flatMap(Object.values)) };
    });
    const seconds = (performance.now() - start) / 1000;
    return verdict(log, { ...outcome, sessions, refreshes: each * sessions, visits: stranger.visits, seconds });
  } finally {
    await Promise.all([server.close(), stranger.close()]);
  }
}

function progressOf(log, step, progress) {
  return (entry) => {
    const before = log.refreshed;
    log.add(entry);
    if (log.refreshed === before || log.refreshed % step) return;
    progress(`${times(log.refreshed, "token")}, ${times(log.requests, "request")}, ${times(log.met, "fault")}`);
  };
}

function usersOf(count) {
  const number = (index) => `user-${index + 1}`;
  return Array.from({ length: count }, (_, index) => ({
    account: account.name,
    tenant: "default",
    username: number(index),
    password: `password of ${number(index)}`,
  }));
}

/** What each process is told, with its part of the users. */
function configs({ url }, users, timeout) {
  return Array.from({ length: PROCESSES }, (_, part) => ({
    url,
    account: account.name,
    publicKey: account.publicKey,
    timeout,
    users: users.filter((_user, index) => index % PROCESSES === part),
  }));
}

/** Where redirects lead, and where nothing may arrive. */
async function startStranger() {
  const stranger = { visits: 0, close: () => close(server) };
  const server = createServer((_request, response) => {
    stranger.visits += 1;
    response.end();
  });
  stranger.origin = `http://127.0.0.1:${await listen(server, 0)}`;
  return stranger;
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number);
}

function verdict(log, { lost, alive, unanswered, sessions, refreshes, visits, seconds }) {
  const { requests, met, refused, squandered } = log;
  const late = unanswered - log.unanswered;
  const mark = (count, text) => (count ? `**${text}**` : text);
  const cell = joined(
    times(sessions, "session"),
    `${times(refreshes, "time")} another token`,
    times(requests, "request"),
    times(met, "fault"),
    mark(lost.length, `${times(lost.length, "session")} lost`),
    mark(alive < sessions, `${times(alive, "session")} still of their own users`),
    mark(refused, times(refused, "refusal")),
    late > 0 && `${times(late, "answer")} after the timeout`,
    mark(
      squandered > late,
      `${times(squandered, "token")} of ${log.tokens.toLocaleString("en")} presented without need`,
    ),
    `one ${times(log.most, "time")} at most`,
    mark(visits, `${times(visits, "request")} where redirects lead`),
    `${seconds.toFixed(0)} s`,
    lost.length > 0 && lost.join(", "),
  );
  const rows = [...log.faults].map(([name, count]) => [`\`${name}\``, count.toLocaleString("en")]);
  const holds = !lost.length && alive === sessions && !refused && squandered <= late && !visits && met > 0;
  return { cell, table: tables(["met"], rows), holds };
}

export function soakDocument({ cell, table }, { refreshes, sessions, seed }) {
  const command = `npm run soak -- --refreshes ${refreshes} --sessions ${sessions} --seed ${seed}`;
  return `${INTRODUCTION}\n${table}\n\nLast run: \`${command}\`:\n${cell.replaceAll(/(.{90,}?, )/g, "$1\n").replaceAll(" \n", "\n")}.\n`;
}
