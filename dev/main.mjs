#!/usr/bin/env node
import { help, readOptions } from "./command-line.mjs";
import { accounts, defaultTenant, users } from "./seed.mjs";
import { table } from "./table.mjs";

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}

async function main({ help: isAsked, chaos, ...options }) {
  if (isAsked) return console.log(help);
  if (chaos) return play({ ...chaos, ...options });
  const { startAuthorizationServer } = await import("./authorization-server.mjs");
  const server = await startAuthorizationServer({ ...options, log: printTokenRequest });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
  printAddress(server, { accounts, users, ...options });
}

async function play(options) {
  const { playChaos } = await import("./chaos.mjs");
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, () => process.exit(code));
  if (!(await playChaos(options, console.log))) process.exitCode = 1;
}

function messageOf({ message, cause, isUsage }) {
  if (cause?.code === "EADDRINUSE") {
    return `port ${cause.port} is in use: stop what listens there, or choose another one with --port (0: any)`;
  }
  return isUsage ? `${message}\n--help lists the options` : message;
}

function printAddress({ url, faults }, { accounts, users }) {
  console.log(`authorization server  ${url}`);
  console.log(`API                   ${url}/api`);
  print([
    ["account", "public key", "tenants"],
    ...accounts.map((row) => [row.name, row.publicKey, row.tenants.join(", ")]),
  ]);
  print([["account", "tenant", "user", "password"], ...users.map(Object.values)]);
  if (faults.length) console.log(`\nfaults  ${JSON.stringify(faults)}`);
  console.log("\nStop with Ctrl+C.\n");
}

function print(rows) {
  for (const line of ["", ...table(rows)]) console.log(line);
}

function printTokenRequest({ method, path, tenant, grant_type, fault, status }) {
  if (method !== "POST" || !path.endsWith("/connect/token")) return;
  const notes = [grant_type, tenant !== defaultTenant && `tenant ${tenant}`, fault && `fault ${fault}`];
  console.log(`${status ?? "no answer"} ${path}  ${notes.filter(Boolean).join(", ")}`);
}
