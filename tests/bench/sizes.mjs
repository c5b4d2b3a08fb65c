import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotli } from "../../scripts/size.mjs";
import { main, root } from "../../scripts/steps.mjs";
import { own } from "../shared/peers/clients.mjs";
import { bundled, fetchSdk, installPeers, titleOf } from "../shared/peers/peers.mjs";
import { tables } from "../shared/table.mjs";
import { barChart } from "./chart.mjs";

const COLUMNS = ["brotli", "keeps sessions", "refreshes", "one refresh for all tabs", "lock"];
const INTRODUCTION = `# Size

What a page downloads for the same job: make a client, go on with a session or sign in, get an access token. Each client
is bundled with the few lines in \`tests/bench/jobs\` that do this, by \`esbuild --bundle --minify\`, and compressed by brotli at
its highest quality. \`npm run size -- --peers\` installs the other clients in \`tests/shared/peers\`, prints this table and writes
this page; \`npm run size\` builds and weighs the package alone, and fails above the limit in \`scripts/size.mjs\`.
`;
const NOTES = `What they do is what their sources say and what \`npm run race -- --peers\` has seen: "one refresh for all tabs" is that two
tabs whose token has expired make one request between them. Two tabs of auth0-spa-js have made six for five expiries, and
lost their session to a strict server ([race.md](race.md#beside-other-clients)). \`@meshydb/sdk\` is bundled from the last commit of its
repository, as it is in no registry any more; its refresh rejects when the server has answered 200
([migration.md](migration.md#what-behaves-differently)). Auth0 and keycloak-js sign in by a redirect, the others with a
password.
`;

const jobs = [
  { job: "oauth2-client.js", name: titleOf("@badgateway/oauth2-client"), does: ["no", "yes", "no", "no"] },
  { job: "keycloak-js.js", name: titleOf("keycloak-js"), does: ["no", "when told to", "no", "no"] },
  { job: "meshydb-sdk.js", name: titleOf("@meshydb/sdk"), does: ["in one tab", "no", "no", "no"] },
  { job: "oidc-client-ts.js", name: titleOf("oidc-client-ts"), does: ["yes", "yes", "no", "no"] },
  { job: "meshydb-client.js", name: own.name, does: ["yes", "yes", "yes", "yes"], isOwn: true },
  { job: "auth-js.js", name: titleOf("@supabase/auth-js"), does: ["yes", "yes", "no", "one that it is given"] },
  { job: "auth0-spa-js.js", name: titleOf("@auth0/auth0-spa-js"), does: ["yes", "yes", "not always", "yes"] },
];

/** Prints what each client weighs, and writes docs/size.md and its chart. */
await main(async () => {
  await installPeers();
  await fetchSdk();
  const weighed = [];
  for (const { job, ...client } of jobs) {
    const script = await bundled(join(import.meta.dirname, "jobs", job), { minify: true });
    weighed.push({ ...client, bytes: brotli(Buffer.from(script)) });
    console.log(`  ${client.name}: ${inBytes(weighed.at(-1))}`);
  }
  weighed.sort((first, second) => first.bytes - second.bytes);
  const rows = weighed.map((client) => [client.name, inBytes(client), ...client.does]);
  const table = tables(COLUMNS, rows);
  console.log(`\n${table}`);
  const text = `![Bytes for the same job](size.svg)\n\n${table}\n\n${NOTES}\nLast run: \`npm run size -- --peers\`.\n`;
  writeFileSync(join(root, "docs/size.md"), `${INTRODUCTION}\n${text}`);
  writeFileSync(join(root, "docs/size.svg"), chart(weighed));
});

function chart(weighed) {
  const bars = weighed.map(({ name, bytes, isOwn }) => ({ name, value: bytes, text: inBytes({ bytes }), isOwn }));
  const description = weighed.map((client) => `${client.name} ${inBytes(client)}`).join(", ");
  const title = "Bytes for the same job, brotli";
  return barChart({ title, description, groups: [{ title, bars }] });
}

function inBytes({ bytes }) {
  return bytes.toLocaleString("en");
}
