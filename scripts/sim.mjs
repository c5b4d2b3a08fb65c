import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { mutants } from "./mutants.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const COPY = join(root, "target/mutants");
/** What a mutant has to survive: random worlds, and every interleaving of two holders and one fault. */
const TRIALS = [
  ["--seeds", "100000"],
  ["--exhaustive", "2", "1"],
];

/** Runs the simulator of tests/simulation with these arguments; `target` is the folder of what it builds. */
export function simulate(args, options) {
  const target = ["test", "--locked", "--quiet", "--profile", "sim", "--test", "simulation", "--", ...args];
  return run("cargo", target, options);
}

/** Switches on one design fault after another, in a copy of the sources, and shows that the simulator finds each. */
async function hunt(only) {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  const missed = [];
  for (const [name, find, replace] of mutants.filter(([name]) => !only || name.includes(only))) {
    for (const part of ["Cargo.toml", "Cargo.lock", "src", "tests/simulation", "tests/support"])
      cpSync(join(root, part), join(COPY, part), { recursive: true });
    const [file, ...others] = sources().filter((path) => readFileSync(path, "utf8").includes(find));
    const parts = file && readFileSync(file, "utf8").split(find);
    if (others.length || parts?.length !== 2)
      throw new StepError(`"${name}" is not in the core exactly once:\n${find}`);
    writeFileSync(file, parts.join(replace));
    const found = await firstTrial();
    if (!found) missed.push(name);
    console.log(`${found ? "found " : "MISSED"}  ${name.padEnd(60)} ${found ?? ""}`);
  }
  console.log(`\n${missed.length} missed`);
  if (missed.length) throw new StepError(`Not found: ${missed.join(", ")}`);
}

function sources() {
  const names = readdirSync(join(COPY, "src"), { recursive: true });
  return names.filter((name) => name.endsWith(".rs")).map((name) => join(COPY, "src", name));
}

/** What the first trial that fails says. */
async function firstTrial() {
  for (const args of TRIALS) {
    try {
      await simulate(args, { quiet: true, cwd: COPY, env: { CARGO_TARGET_DIR: join(root, "target/mutants-build") } });
    } catch ({ output }) {
      const violation = output.match(/^violation: .*$/m);
      if (!violation) throw new StepError(`It does not run:\n${output}`);
      return violation[0].slice("violation: ".length);
    }
  }
}

/** Plays the package as it is shipped, in several realms: tests/realms. */
async function simulateEdge(args) {
  await build();
  await step("worlds of several realms", () => run("node", ["tests/realms/main.mjs", ...args]));
}

if (process.argv[1] === import.meta.filename) {
  const args = process.argv.slice(2);
  await main(() => {
    if (args.includes("--edge")) return simulateEdge(args);
    return args[0] === "--mutants" ? hunt(args[1]) : simulate(args);
  });
}
