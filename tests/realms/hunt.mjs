import { StepError } from "../../scripts/steps.mjs";
import { playMany } from "./many.mjs";
import { mutants } from "./mutants.mjs";

/** Seeds that a mutant has to survive. */
export const TRIALS = 6_000;

/** The text of the module with that fault. */
export function mutated(text, [name, find, replace]) {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new StepError(`"${name}" is in the package ${parts.length - 1} times, not once:\n${find}`);
  return parts.join(replace);
}

/** Switches on one fault after another, and shows that the worlds find each. */
export async function hunt(text, only) {
  const missed = [];
  const chosen = mutants.filter(([name]) => !only || name.includes(only));
  if (!chosen.length) throw new StepError(`No fault's name contains "${only}".`);
  for (const mutant of chosen) {
    const [name] = mutant;
    const { failures } = await playMany({ text: mutated(text, mutant), first: 1, count: TRIALS, stopsEarly: true });
    const [failure] = failures;
    if (!failure) missed.push(name);
    const how = failure ? `seed ${failure.seed}: ${failure.violation.split("\n")[0]}` : "";
    console.log(`${failure ? "found " : "MISSED"}  ${name.padEnd(60)} ${how}`);
  }
  console.log(`\n${chosen.length - missed.length} found, ${missed.length} missed`);
  if (missed.length) throw new StepError(`Not found: ${missed.join(", ")}`);
}
