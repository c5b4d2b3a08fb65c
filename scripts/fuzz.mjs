import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { anySeed, flags } from "./flags.mjs";
import { setUp, setUpTool } from "./setup.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const corpus = (target) => join(root, `fuzz/corpus/${target}.txt`);
const GROWN = join(root, "target/fuzz-corpus");
/** The longest inputs: of the judges, and of the world, whose plan takes two bytes for each decision. */
const LONGEST = 512;
/**
 * The core has no unsafe code for a sanitizer to watch, and without one the stable toolchain will do. Bytes are choices
 * among a few: what is compared with what says nothing about them.
 */
const CARGO_FUZZ = ["--sanitizer", "none", "--no-trace-compares", "--fuzz-dir", "fuzz"];

/** The one that plays the built package in Node: what JavaScript judges, and the WebAssembly as it is shipped. */
const PACKAGE = "package";
const targets = [...readdirSync(join(root, "fuzz/fuzz_targets")).map((name) => name.replace(".rs", "")), PACKAGE];

/** Fuzzes a target from what was kept; prints how many inputs it ran, and when it last found something new. */
async function fuzz(target, seconds) {
  const grown = join(GROWN, target);
  unpack(target, grown);
  const limits = [`-max_total_time=${seconds}`, `-max_len=${LONGEST}`, "-timeout=20", "-rss_limit_mb=4096"];
  const output = await cargoFuzz(target, [grown, "--", ...limits]);
  await keep(target, grown);
  console.log(`${target}: ${summary(output)}`);
}

/** Of libFuzzer's lines: `#N NEW cov: C … exec/s: E …` for each input worth keeping, and what was done in all. */
function summary(output) {
  const events = [...output.matchAll(/^#(\d+)\s+(?:INITED|NEW|REDUCE|DONE) +cov: (\d+).* exec\/s: (\d+)/gm)];
  const lines = events.map(([, executions, edges, rate]) => ({
    edges,
    after: Math.round(executions / (Number(rate) || Infinity)),
  }));
  const [, executions, seconds] = /^Done (\d+) runs in (\d+) second/m.exec(output) ?? [];
  if (!seconds) throw new StepError(`The fuzzer has not come to its end:\n${output.slice(-2_000)}`);
  const { edges } = lines.at(-1);
  const { after } = lines.find((line) => line.edges === edges);
  return `${executions} executions in ${seconds} s, ${lines[0].edges} to ${edges} edges, the last after ${after} s`;
}

/** Leaves in fuzz/corpus few inputs that reach all that was reached, however often. */
async function keep(target, grown) {
  const merged = `${grown}-merged`;
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged);
  const merge = ["-merge=1", "-use_counters=0", `-max_len=${LONGEST}`];
  await cargoFuzz(target, [merged, grown, "--", ...merge]);
  pack(merged, target);
}

/** Adds what was kept to a folder, where libFuzzer has a file for each input, named by its digest. */
function unpack(target, folder) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(corpus(target))) return;
  for (const line of readFileSync(corpus(target), "utf8").trimEnd().split("\n")) {
    const input = Buffer.from(line, "hex");
    writeFileSync(join(folder, createHash("sha1").update(input).digest("hex")), input);
  }
}

/** Each input becomes a line of hexadecimal digits, in an order that does not depend on chance. */
function pack(folder, target) {
  const lines = readdirSync(folder).map((name) => `${readFileSync(join(folder, name), "hex")}\n`);
  writeFileSync(corpus(target), lines.sort().join(""));
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

await main(async () => {
  const { only, seconds, count, seed } = flags({ parts: targets, seconds: 60, count: undefined, seed: anySeed() });
  await step("set-up", prepare);
  const limit = count ? `--count=${count}` : `--seconds=${seconds}`;
  for (const target of only ? [only] : targets)
    await step(target, () => (target === PACKAGE ? fuzzPackage([limit, `--seed=${seed}`]) : fuzz(target, seconds)));
});
