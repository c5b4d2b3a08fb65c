import { parseArgs } from "node:util";
import { setUpAll } from "./setup.mjs";
import { main, run, StepError } from "./steps.mjs";
import { Counts } from "./test-counts.mjs";
import { LONG_FILES, stages, withFiles } from "./test-steps.mjs";

const { CI } = process.env;
const counts = new Counts();

await main(async () => {
  const { values, positionals } = parseArgs({ options: { all: { type: "boolean" } }, allowPositionals: true });
  const isAll = values.all || Boolean(CI);
  const env = { LENGTH: values.all ? "all" : CI ? "ci" : "quick" };
  const start = performance.now();
  const asked = chosen(stages(isAll), positionals, isAll);
  const early = asked.flat(2).filter(({ isLong }) => !isLong);
  setUpAll(early.flatMap(setUpFor)).catch(() => {});
  try {
    for (const lanes of asked) await playStage(lanes, env);
  } finally {
    console.log(`\n${seconds(start)} in all\n${counts}`);
  }
});

/** Those steps that are named, with those of their test files that have one of the other words in their path. */
function chosen(all, words, isAll) {
  const steps = all.flat(2);
  const names = words.filter((word) => steps.some(({ name }) => name === word));
  const parts = words.filter((word) => !names.includes(word));
  const open = steps.filter(({ name, isLong }) => (names.length ? names.includes(name) : isAll || !isLong));
  const lost = parts.find((part) => !open.some((step) => filesWith(step, [part]).length));
  if (lost) {
    const known = steps.map(({ name }) => name).join(", ");
    throw new StepError(`Nothing is called "${lost}". There are the steps ${known};
any other word is part of a test file's path below tests/: npm test -- browser tabs`);
  }
  const played = new Map();
  for (const step of open) {
    const isWhole = isAll || names.length || parts.length;
    const files = filesWith(step, parts).filter((file) => isWhole || !LONG_FILES.includes(file));
    if (files.length) played.set(step.name, withFiles(step, files));
    else if (!step.files && (names.length || !parts.length)) played.set(step.name, step);
  }
  const needsPackage = [...played.values()].some(({ needs }) => needs.includes("package"));
  if (needsPackage)
    played.set(
      "build",
      steps.find(({ name }) => name === "build"),
    );
  return all.map((lanes) => lanes.map((lane) => lane.flatMap(({ name }) => played.get(name) ?? [])));
}

function filesWith({ files = [] }, parts) {
  return files.filter((file) => !parts.length || parts.some((part) => file.slice("tests/".length).includes(part)));
}

/** The step build, before it, leaves the package. */
function setUpFor({ needs }) {
  return needs.filter((need) => need !== "package");
}

/** Plays lanes side by side; what has begun ends before the first failure is reported. */
async function playStage(lanes, env) {
  const busy = lanes.filter((lane) => lane.length);
  const results = await Promise.allSettled(
    busy.map(async (lane, index) => {
      for (const step of lane) await playStep(step, { env, isShown: index === 0 });
    }),
  );
  const [first, ...others] = results.filter(({ status }) => status === "rejected");
  for (const { reason } of others) console.error(`\n${reason.message}`);
  if (first) throw first.reason;
}

/** What its commands print is shown as it comes, in the first lane, or when the step is over. */
async function playStep(step, { env, isShown }) {
  console.log(`\n▸ ${step.name}`);
  await setUpAll(setUpFor(step));
  const start = performance.now();
  let output = "";
  try {
    for (const command of step.commands()) output += await play(command, { env, isShown });
  } finally {
    console.log(`${isShown ? "" : `\n${output}`}  ${step.name}: ${seconds(start)}`);
  }
}

async function play({ program, args, hint, counted, env }, { env: more, isShown }) {
  try {
    const output = await run(program, args, { quiet: !isShown, hint, env: { ...more, ...env } });
    if (counted === "one") counts.add([1, 0]);
    if (counted === "lines" && !counts.addLines(output)) throw new StepError(`${program} ran no test.`);
    return output;
  } catch (error) {
    if (counted === "one") counts.add([0, 1]);
    if (counted === "lines") counts.addLines(error.output ?? "");
    throw error;
  }
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
