import { build } from "./build.mjs";
import { anySeed, flags } from "./flags.mjs";
import { setUpServers } from "./setup.mjs";
import { main, step } from "./steps.mjs";

const PARTS = ["file", "redis", "kills", "chaos", "many"];

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const asked = flags({ parts: PARTS, kills: 1_000, sessions: 1_000, rounds: 20, seed: anySeed() });
  await build();
  await step("Redis and PostgreSQL", setUpServers);
  const { fleet } = await import("../fleet/fleet.mjs");
  await step("fleet", () => fleet(asked));
});
/** What is not over by now is not waited for: its processes are killed with this one. */
process.exit();
