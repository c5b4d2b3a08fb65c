import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setUp, setUpTool } from "./setup.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const OUTPUT = join(root, "target/mutation");
const ARGUED = "docs/mutation.md";
const CORE = ["--file", "src/*.rs", "--file", "src/session/*.rs", "--exclude", "src/lib.rs"];
const LIMITS = ["--jobs", "1", "--timeout", "120", "--build-timeout", "400"];
/** What has to notice: the core's tests, and so many worlds. */
const TESTS = ["attempt", "error", "oauth", "record", "token", "session", "corpus", "simulation"];
const WORLDS = "1000";

/** Changes one thing in the core after another, in a copy; the tests have to fail each time. */
async function mutate(args) {
  rmSync(OUTPUT, { recursive: true, force: true });
  const options = [
    ...(args.some((arg) => arg.startsWith("--file")) ? [] : CORE),
    ...LIMITS,
    "--no-shuffle",
    "--profile",
    "mutation",
    "--output",
    OUTPUT,
    "--colors",
    "never",
  ];
  const env = { CARGO_TARGET_DIR: join(root, "target/mutation-build"), SEEDS: WORLDS };
  const tool = await setUpTool("cargo-mutants");
  const cargo = ["--locked", ...TESTS.map((name) => `--test=${name}`)].flatMap((arg) => ["--cargo-arg", arg]);
  try {
    await run(tool, ["mutants", ...options, ...cargo, ...args], { env });
  } catch (error) {
    if (!/\d+ mutants? tested/.test(error.output)) throw error;
  }
  report();
}

function report() {
  const list = (name) =>
    readFileSync(join(OUTPUT, `mutants.out/${name}.txt`), "utf8")
      .split("\n")
      .filter(Boolean);
  const argued = readFileSync(join(root, ARGUED), "utf8");
  const [caught, missed, timeout, unviable] = ["caught", "missed", "timeout", "unviable"].map(list);
  const open = missed.filter((mutant) => !argued.includes(`\`${mutant.replace(/:\d+:\d+:/, ":")}\``));
  console.log(
    `\n${caught.length + timeout.length} noticed, ${missed.length} not, ${unviable.length} that do not compile`,
  );
  if (open.length)
    throw new StepError(
      `Write a test for each of these, or say in ${ARGUED} why none can notice it:\n${open.join("\n")}`,
    );
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await step("set-up", setUp);
    await step("mutants", () => mutate(process.argv.slice(2)));
  });
}
