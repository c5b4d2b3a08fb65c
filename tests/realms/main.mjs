import { parsed } from "../../scripts/flags.mjs";
import { main, StepError } from "../../scripts/steps.mjs";
import { hunt } from "./hunt.mjs";
import { playMany } from "./many.mjs";
import { packageOf, readPackage } from "./package.mjs";
import { planOf } from "./plan.mjs";
import { play } from "./play.mjs";
import { shrunk } from "./shrink.mjs";

/** Of how many that failed the kind is printed. */
const SHOWN = 10;

await main(async () => {
  const texts = readPackage();
  const { seeds, seed, mutants, only } = options();
  if (mutants) return hunt(texts, only);
  if (seed) return replay(seed, await packageOf(texts));
  await playAll(texts, seeds);
});

function options() {
  const types = { edge: "boolean", seeds: "string", seed: "string", mutants: "boolean", only: "string" };
  return parsed(types, ({ seeds = "1000", seed, ...others }) => {
    for (const [name, value = "1"] of Object.entries({ seeds, seed })) {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`--${name} is a number`);
    }
    return { ...others, seeds: Number(seeds), seed: Number(seed) };
  });
}

/** One world with its trace; if it fails, the smallest plan that still does. */
async function replay(seed, given) {
  const plan = planOf(seed);
  const { violation } = await play(plan, given);
  const outcome = violation ? await shrunk(plan, given) : { plan, ...(await play(plan, given)) };
  const { tabs, actions, faults, ...others } = outcome.plan;
  console.log(`plan: ${JSON.stringify(others)}`);
  for (const [name, list] of Object.entries({ tabs, actions, faults })) {
    console.log(`${name}:`);
    for (const item of list) console.log(`  ${JSON.stringify(item)}`);
  }
  console.log(`\n${outcome.trace.join("\n")}\n`);
  if (violation) throw new StepError(`Seed ${seed}: ${outcome.violation}`);
  console.log(`seed ${seed}: ${outcome.steps} steps, no violation`);
}

async function playAll(texts, count) {
  const start = performance.now();
  let played = 0;
  let shown = 0;
  const progress = (more) => {
    played += more;
    const share = Math.floor((10 * played) / count);
    if (share > shown) console.log(`${played.toLocaleString("en")} of ${count.toLocaleString("en")} worlds`);
    shown = share;
  };
  const { steps, failures } = await playMany({ texts, first: 1, count, progress });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const figures = `${count.toLocaleString("en")} worlds, ${steps.toLocaleString("en")} steps, ${seconds} s`;
  for (const { seed, violation } of failures.slice(0, SHOWN)) console.log(`seed ${seed}: ${violation}`);
  if (failures.length) throw new StepError(`${figures}: ${failures.length} failed. --edge --seed S plays one of them.`);
  console.log(`${figures}, no violation`);
}
