import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { setUp, setUpTool } from "./setup.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const CORPUS = join(root, "fuzz/corpus");
const GROWN = join(root, "target/fuzz-corpus");
/** The longest inputs: of the judges, and of the world, whose plan takes two bytes for each decision. */
const LONGEST = 512;
/** The core has no unsafe code for a sanitizer to watch, and without one the stable toolchain will do. */
const CARGO_FUZZ = ["--sanitizer", "none", "--fuzz-dir", "fuzz"];

/** The one that plays the built package in Node: what JavaScript judges, and the WebAssembly as it is shipped. */
const PACKAGE = "package";
const targets = [...readdirSync(join(root, "fuzz/fuzz_targets")).map((name) => name.replace(".rs", "")), PACKAGE];

/** Fuzzes a target from what was kept; prints how many inputs it ran, and when it last found something new. */
async function fuzz(target, seconds) {
  const grown = join(GROWN, target);
  mkdirSync(grown, { recursive: true });
  mkdirSync(join(CORPUS, target), { recursive: true });
  const limits = [`-max_total_time=${seconds}`, `-max_len=${LONGEST}`, "-timeout=20", "-rss_limit_mb=4096"];
  const folders = [grown, join(CORPUS, target)];
  const started = performance.now();
  const output = await cargoFuzz(target, [...folders, "--", ...limits, "-print_final_stats=1"]);
  const took = (performance.now() - started) / 1000;
  await keep(target);
  console.log(`${target}: ${summary(output, took)}`);
}

/** Of libFuzzer's lines: `#N NEW cov: C ft: F …` for each input worth keeping, and what was done in all. */
function summary(output, took) {
  const lines = [...output.matchAll(/^#(\d+)\s+(INITED|NEW|DONE) +cov: (\d+)/gm)];
  const [, executions] = /number_of_executed_units: (\d+)/.exec(output) ?? [];
  const [first] = lines;
  const last = lines.at(-1);
  if (!executions || !last) throw new StepError(`The fuzzer has not come to its end:\n${output.slice(-2_000)}`);
  const grows = ([, , , coverage], index) => index > 0 && Number(coverage) > Number(lines[index - 1][3]);
  const grew = lines.filter(grows).at(-1);
  const when = grew ? `last grown after ${grew[1]} executions` : "not grown";
  return `${executions} executions in ${took.toFixed(0)} s, coverage ${first[3]} to ${last[3]}, ${when}`;
}

/** Leaves in fuzz/corpus/ few inputs that reach all that was reached, however often. */
async function keep(target) {
  const kept = join(CORPUS, target);
  const all = join(GROWN, `${target}-merged`);
  rmSync(all, { recursive: true, force: true });
  mkdirSync(all, { recursive: true });
  const merge = ["-merge=1", "-use_counters=0", `-max_len=${LONGEST}`];
  await cargoFuzz(target, [all, kept, join(GROWN, target), "--", ...merge]);
  rmSync(kept, { recursive: true });
  cpSync(all, kept, { recursive: true });
}

async function cargoFuzz(target, args) {
  const env = { CARGO_TARGET_DIR: join(root, "target/fuzz") };
  const command = ["fuzz", "run", ...CARGO_FUZZ, target];
  try {
    return await run(await setUpTool("cargo-fuzz"), [...command, ...args], { quiet: true, env });
  } catch (error) {
    const [file] = /fuzz\/artifacts\/\w+\/[\w-]+/.exec(error.output) ?? [];
    const [what] = /panicked at [\s\S]*?(?=\nnote|\nstack|\n==)/.exec(error.output) ?? [];
    if (!file) throw error;
    const again = `CARGO_TARGET_DIR=target/fuzz target/tools/bin/cargo-fuzz ${command.join(" ")} ${file}`;
    throw new StepError(`${what}\nThe input is ${file}. Again: ${again}`);
  }
}

async function fuzzPackage(limits) {
  await build();
  await run("node", ["fuzz/package/main.mjs", ...limits]);
}

async function prepare() {
  await setUp();
  await run("cargo", ["fetch", "--locked", "--manifest-path", "fuzz/Cargo.toml"], { quiet: true });
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const options = { seconds: { type: "string", default: "60" }, count: { type: "string" }, seed: { type: "string" } };
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    for (const name of positionals)
      if (!targets.includes(name))
        throw new StepError(`There is no target "${name}": it is one of ${targets.join(", ")}.`);
    await step("set-up", prepare);
    const { seconds, count, seed } = values;
    const limits = count ? ["--count", count] : ["--seconds", seconds];
    const fuzzed = { [PACKAGE]: () => fuzzPackage([...limits, ...(seed ? ["--seed", seed] : [])]) };
    for (const target of positionals.length ? positionals : targets)
      await step(target, fuzzed[target] ?? (() => fuzz(target, seconds)));
  });
}
