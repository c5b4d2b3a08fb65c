import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { command, geckodriver, setUp, setUpBrowsers, setUpServers, toolPath, wasmPack } from "./setup.mjs";
import { simulate } from "./sim.mjs";
import { size } from "./size.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const DENY_WARNINGS = ["--", "-D", "warnings"];
const SIMULATIONS = [
  ["--seeds", "20000"],
  ["--exhaustive", "2", "2"],
  ["--corpus", "fuzz/corpus/world"],
];
const NODE_FOLDERS = [
  ...["structure", "documents", "server", "wire", "client", "stores", "security", "package", "examples"],
  ...["bench", "fleet", "soak"],
];
const counts = { passed: 0, failed: 0, skipped: 0 };

await main(async () => {
  const start = performance.now();
  try {
    await everything();
  } finally {
    const { passed, failed, skipped } = counts;
    console.log(`\n${((performance.now() - start) / 1000).toFixed(0)} s in all`);
    console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
  }
});

async function everything() {
  await step("set-up", setUp);
  await step("browsers and their drivers", setUpBrowsers);
  await step("Redis and PostgreSQL", setUpServers);
  await step("formatting", checkFormatting);
  await step("lints", lint);
  await step("core, native", () => tests("cargo", ["test", "--locked"]));
  await step("simulation", simulations);
  await step("edge in Node", () => tests("cargo", ["test", "--locked", ...WASM, "--test", "edge_node"]));
  await step("edge in Chromium", () => edgeTests(wasmPack, "--chrome", "--chromedriver", command("chromedriver")));
  await step("edge in Firefox", () => edgeTests(wasmPack, "--firefox", "--geckodriver", geckodriver));
  await step("edge in WebKit", edgeTestsInWebKit);
  await build();
  await step("size", size);
  await step("the package in Node", () => nodeTests(...NODE_FOLDERS));
  await step("real browsers", () => nodeTests("browser"));
  await step("platforms", platformRows);
  if (process.env.CI) await step("bench", benchGates);
}

async function checkFormatting() {
  await run("cargo", ["fmt", "--check"], { hint: "`cargo fmt` mends it." });
  const biome = join(root, "node_modules/.bin/biome");
  await run(biome, ["check", "--error-on-warnings"], { hint: "`npx biome check --write` mends most of it." });
}

async function lint() {
  await run("cargo", ["clippy", "--locked", "--all-targets", ...DENY_WARNINGS]);
  await run("cargo", ["clippy", "--locked", "--test", "simulation", ...DENY_WARNINGS]);
  await run("cargo", ["clippy", "--locked", "--all-targets", ...WASM, ...DENY_WARNINGS]);
}

/** The machine in random worlds, in every small one, and in those that the fuzzer kept: each run counts as one test. */
async function simulations() {
  for (const args of SIMULATIONS) {
    await simulate(args).catch((error) => {
      count(0, 1, 0);
      throw error;
    });
    count(1, 0, 0);
  }
}

function edgeTests(program, ...args) {
  const rest = ["--mode", "no-install", "--", "--test", "edge_browser"];
  const before = program === wasmPack ? [] : ["-a", wasmPack];
  return tests(program, [...before, "test", "--headless", ...args, ...rest], { env: { PATH: toolPath } });
}

async function edgeTestsInWebKit() {
  const driver = command("WebKitWebDriver");
  const display = command("xvfb-run");
  if (driver && display) return edgeTests(display, "--safari", "--safaridriver", driver);
  console.log("  skipped: WebKitWebDriver and xvfb-run are not installed");
}

/** The long rows, which install 1.4 GB, where CI is set. */
function platformRows() {
  return tests("node", ["tests/platforms/main.mjs", ...(process.env.CI ? [] : ["--quick"])]);
}

/** What `npm run bench` measures without other clients, and its gates, each of which counts as a test. */
function benchGates() {
  return tests("node", ["tests/bench/main.mjs", "--gates"]);
}

function nodeTests(...folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, "tests", folder))
      .filter((name) => name.endsWith(".test.mjs"))
      .map((name) => join("tests", folder, name)),
  );
  return tests("node", ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files]);
}

/** Runs tests and counts them by the closing lines of cargo's, of Node's and of our own runners. */
async function tests(program, args, options) {
  let output = "";
  try {
    output = await run(program, args, options);
  } catch (error) {
    output = error.output ?? "";
    throw error;
  } finally {
    for (const [, passed, failed, skipped] of output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+)/gm)) {
      count(passed, failed, skipped);
    }
    for (const [, ...ours] of output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)) count(...ours);
    const node = (name) => output.match(new RegExp(`^ℹ ${name} (\\d+)$`, "m"))?.[1] ?? 0;
    count(node("pass"), Number(node("fail")) + Number(node("cancelled")), node("skipped"));
  }
  if (!/[1-9]\d* passed|^ℹ pass [1-9]/m.test(output)) throw new StepError(`${program} ran no test.`);
}

function count(passed, failed, skipped) {
  counts.passed += Number(passed);
  counts.failed += Number(failed);
  counts.skipped += Number(skipped);
}
