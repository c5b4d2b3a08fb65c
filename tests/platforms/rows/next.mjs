import assert from "node:assert/strict";
import { join } from "node:path";
import { users } from "../../../dev/seed.mjs";
import { checkPage, checkRequests, session } from "../checks.mjs";
import { modules, versionOf, work } from "../kit.mjs";

/** So many visits of each of two users at once. */
const VISITS = 10;
const bin = join(modules, ".bin/next");
const cwd = join(work, "next-app");
const two = users.slice(0, 2);
const env = { NEXT_TELEMETRY_DISABLED: "1" };
const versions = () => `Next ${versionOf("next")} (Turbopack), React ${versionOf("react")}`;

let isBuilt = false;
async function start(kit) {
  if (!isBuilt) await kit.run(bin, ["build"], { cwd, env });
  isBuilt = true;
  const server = await kit.server();
  const args = ["start", "--hostname", "127.0.0.1", "--port", "0"];
  const options = { cwd, env: { ...env, AUTH_URL: server.url } };
  const [, site] = await kit.start(bin, args, /(http:\/\/127\.0\.0\.1:\d+)/, options);
  return { server, site };
}

/** Both users at once, each visit with a client of its own: each sees their own session. */
async function checkTwoUsers(kit, path, read) {
  const { server, site } = await start(kit);
  const visits = Array.from({ length: 2 * VISITS }, (_, index) => two[index % 2]);
  const seen = visits.map(async ({ username, password }) => {
    const response = await fetch(`${site}${path}?${new URLSearchParams({ username, password })}`);
    return read(await response.text());
  });
  assert.deepEqual(
    await Promise.all(seen),
    visits.map(({ username }) => ({ ...session, username })),
  );
  checkRequests(server, visits.length);
  return { versions: versions(), result: "ok, two users at once" };
}

export const next = [
  {
    name: "Next, server page",
    run: (kit) =>
      checkTwoUsers(kit, "/", (page) => JSON.parse(/<code>(.*?)<\/code>/.exec(page)[1].replaceAll("&quot;", '"'))),
  },
  { name: "Next, route handler", run: (kit) => checkTwoUsers(kit, "/api", JSON.parse) },
  {
    name: "Next, client component",
    run: async (kit) => {
      const { site } = await start(kit);
      return { versions: `${versions()}, ${await checkPage(kit, `${site}/client`)}` };
    },
  },
];
