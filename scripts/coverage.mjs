import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setUp, setUpLlvm } from "./setup.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const FOLDER = join(root, "target/coverage");
const PROFILES = join(FOLDER, "profiles");
/** What plays the core, each with the arguments of its runs. The worlds are always the same. */
const PROGRAMS = [
  { build: ["test", "--locked"], runs: [[]] },
  {
    build: ["test", "--locked", "--profile", "sim", "--test", "simulation"],
    runs: [
      ["--seeds", "20000"],
      ["--exhaustive", "2", "1"],
      ["--corpus", "fuzz/corpus/world.txt"],
    ],
  },
];
/** Coverage of branches is not stable yet: the stable compiler does it where it is told to. */
const ENVIRONMENT = {
  RUSTC_BOOTSTRAP: "1",
  RUSTFLAGS: "-Cinstrument-coverage -Zcoverage-options=branch",
  LLVM_PROFILE_FILE: join(PROFILES, "%p-%m.profraw"),
  CARGO_TARGET_DIR: FOLDER,
};

async function play() {
  rmSync(PROFILES, { recursive: true, force: true });
  mkdirSync(PROFILES, { recursive: true });
  const programs = [];
  for (const { build, runs } of PROGRAMS) {
    const output = await run("cargo", [...build, "--no-run", "--message-format", "json"], {
      quiet: true,
      env: ENVIRONMENT,
    });
    const built = [...output.matchAll(/"executable":"([^"]+)"/g)].map(([, path]) => path);
    for (const program of built) for (const args of runs) await run(program, args, { quiet: true, env: ENVIRONMENT });
    programs.push(...built);
  }
  return programs;
}

/** Of each file of the core: how often each line ran, and each branch either way. */
async function measure(programs) {
  const tools = await setUpLlvm();
  const all = join(FOLDER, "all.profdata");
  const profiles = readdirSync(PROFILES).map((name) => join(PROFILES, name));
  await run(join(tools, "llvm-profdata"), ["merge", "-sparse", ...profiles, "-o", all], { quiet: true });
  const [first, ...others] = programs;
  const objects = [first, ...others.flatMap((program) => ["-object", program])];
  const args = ["export", "-format=lcov", `-instr-profile=${all}`, ...objects, "-sources", join(root, "src")];
  return parse(await run(join(tools, "llvm-cov"), args, { quiet: true }));
}

/** lcov's `DA:line,count` and `BRDA:line,block,branch,count`: the same code in several programs counts once. */
function parse(lcov) {
  return lcov
    .split("end_of_record")
    .filter((text) => text.includes("SF:"))
    .map((text) => {
      const file = relative(root, /^SF:(.*)$/m.exec(text)[1]);
      const lines = new Map();
      for (const [, line, count] of text.matchAll(/^DA:(\d+),(\d+)/gm))
        lines.set(line, (lines.get(line) ?? 0) + Number(count));
      const branches = new Map();
      for (const [, line, block, branch, count] of text.matchAll(/^BRDA:(\d+),(\d+),(\d+),(\d+|-)/gm)) {
        const key = `${line},${block},${branch}`;
        branches.set(key, (branches.get(key) ?? 0) + (Number(count) || 0));
      }
      return { file, lines, branches };
    });
}

function report(files) {
  const share = (counts) => {
    const all = [...counts.values()];
    return `${all.filter((count) => count > 0).length}/${all.length}`;
  };
  const total = { lines: new Map(), branches: new Map() };
  console.log(`\n${"".padEnd(30)}${"lines".padStart(12)}${"branches".padStart(12)}`);
  for (const { file, lines, branches } of files) {
    console.log(file.padEnd(30) + share(lines).padStart(12) + share(branches).padStart(12));
    for (const [key, count] of lines) total.lines.set(`${file}:${key}`, count);
    for (const [key, count] of branches) total.branches.set(`${file}:${key}`, count);
  }
  console.log("all".padEnd(30) + share(total.lines).padStart(12) + share(total.branches).padStart(12));
  const missing = [...total.lines, ...total.branches].filter(([, count]) => count === 0).map(([key]) => key);
  const places = [...new Set(missing.map((key) => key.split(",")[0]))];
  if (places.length) console.log("\nnot covered, or not both ways:");
  for (const place of places) {
    const [file, line] = place.split(":");
    console.log(`  ${place.padEnd(34)} ${readFileSync(join(root, file), "utf8").split("\n")[line - 1].trim()}`);
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    let programs;
    await step("set-up", setUp);
    await step("the core's tests and 20,000 worlds, instrumented", async () => {
      programs = await play();
    });
    const files = await measure(programs);
    if (!files.length) throw new StepError("Nothing was measured: are the programs of LLVM those of rustc's version?");
    report(files);
  });
}
