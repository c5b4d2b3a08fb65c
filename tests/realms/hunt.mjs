import { StepError } from "../../scripts/steps.mjs";
import { playMany } from "./many.mjs";
import { mutants } from "./mutants.mjs";

/** Seeds that a mutant has to survive. */
export const TRIALS = 6_000;

/** The texts of the modules with that fault, in one of them. */
export function mutated(texts, [name, find, replace]) {
  const times = texts.reduce((sum, text) => sum + text.split(find).length - 1, 0);
  if (times !== 1) throw new StepError(`"${name}" is in the package ${times} times, not once:\n${find}`);
  return texts.map((text) => text.split(find).join(replace));
}

/** Switches on one fault after another, and shows that the worlds find each. */
export async function hunt(texts, only) {
  const missed = [];
  const chosen = mutants.filter(([name]) => !only || name.includes(only));
  if (!chosen.length) throw new StepError(`No fault's name contains "${only}".`);
  for (const mutant of chosen) {
    const [name] = mutant;
    const { failures } = await playMany({ texts: mutated(texts, mutant), first: 1, count: TRIALS, stopsEarly: true });
    const [failure] = failures;
    if (!failure) missed.push(name);
    const how = failure ? `seed ${failure.seed}: ${failure.violation.split("\n")[0]}` : "";
    console.log(`${failure ? "found " : "MISSED"}  ${name.padEnd(60)} ${how}`);
  }
  console.log(`\n${chosen.length - missed.length} found, ${missed.length} missed`);
  if (missed.length) throw new StepError(`Not found: ${missed.join(", ")}`);
}
