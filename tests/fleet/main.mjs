import { anySeed, flags } from "../../scripts/flags.mjs";
import { setUpServers } from "../../scripts/setup.mjs";
import { main, step } from "../../scripts/steps.mjs";
import { fleet } from "./fleet.mjs";

const PARTS = ["file", "redis", "kills", "chaos", "many"];

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const asked = flags({ parts: PARTS, kills: 1_000, sessions: 1_000, rounds: 20, seed: anySeed() });
  await step("Redis and PostgreSQL", setUpServers);
  await step("fleet", () => fleet(asked));
});
/** What is not over by now is not waited for: its processes are killed with this one. */
process.exit();
