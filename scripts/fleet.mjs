import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { setUpServers } from "./setup.mjs";
import { main, StepError, step } from "./steps.mjs";

const PARTS = ["file", "redis", "kills", "chaos", "many"];

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const asked = options();
  await build();
  await step("Redis and PostgreSQL", setUpServers);
  const { fleet } = await import("../fleet/fleet.mjs");
  await step("fleet", () => fleet(asked));
});
/** What is not over by now is not waited for: its processes are killed with this one. */
process.exit();

function options() {
  const names = ["only", "kills", "sessions", "rounds", "seed"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  try {
    const { only = "", ...numbers } = parseArgs({ options }).values;
    if (only && !PARTS.includes(only)) throw new Error(`--only is one of ${PARTS.join(", ")}`);
    const number = (name, otherwise) => {
      const { [name]: text = String(otherwise) } = numbers;
      if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} is a number`);
      return Number(text);
    };
    return {
      only,
      kills: number("kills", 1_000),
      sessions: number("sessions", 1_000),
      rounds: number("rounds", 20),
      seed: number("seed", 1 + Math.floor(Math.random() * 999_999)),
    };
  } catch ({ message }) {
    throw new StepError(message);
  }
}
