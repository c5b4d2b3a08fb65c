import { readdirSync } from "node:fs";
import { join } from "node:path";
import { command, geckodriver, toolPath, wasmPack } from "./setup.mjs";
import { root } from "./steps.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const DENY_WARNINGS = ["--", "-D", "warnings"];
const REDIS = ["packages", "package", "redis-server"];
/** What the tests of a room need: "package" is what the step build leaves. */
const ROOM_NEEDS = {
  structure: ["packages"],
  server: ["packages"],
  stores: [...REDIS, "initdb"],
  documents: REDIS,
  examples: REDIS,
  fleet: REDIS,
  recipes: ["packages", "package", "chromium"],
  runners: ["packages", "package", "chromium"],
  bench: ["packages", "package", "chromium", "firefox-esr"],
  oauth: ["packages", "package", "chromium", "firefox-esr"],
  browser: ["packages", "package", "chromium", "firefox-esr"],
};
const PYTHON = ["python3 -m venv", "python-packages"];
const WEBKIT = ["WebKitWebDriver", "xvfb-run", "xauth"];
/** What shows a folder as another kernel sees it. Only root can use it, so nobody else installs it. */
const KERNELS = process.getuid?.() === 0 ? ["bindfs"] : [];
/** What a single file needs beside what its room does. */
const FILE_NEEDS = {
  [inTests("examples/pwa")]: ["chromium", "firefox-esr"],
  [inTests("fetches/recipes")]: PYTHON,
  [inTests("oauth/second-make")]: PYTHON,
  [inTests("stores/file-store-faults")]: KERNELS,
  [inTests("stores/file-store-kernels")]: KERNELS,
};
/** What takes longest of what plays with the whole package, and is seldom touched: every fault of the demo, many processes. */
export const LONG_FILES = [
  ...[
    "accessibility",
    "bindings",
    "copy",
    "faults",
    "lacking",
    "lacking-page",
    "lifecycle",
    "page",
    "redirect",
    "storage",
  ].map((name) => inTests(`browser/${name}`)),
  ...["bench/bench", "client/memory", "examples/cli", "examples/cli-many", "examples/cli-sign-in"].map(inTests),
  ...["examples/cli-document", "examples/chaos", "examples/cli-signals", "examples/cluster", "examples/pwa"].map(
    inTests,
  ),
  ...["examples/tool-document", "mcp/fleet", "stores/file-store-kernels", "browser/reload"].map(inTests),
  ...[
    "fetches/recipes",
    "fleet/fleet",
    "mcp/document",
    "oauth/second-make",
    "package/binding-types",
    "package/dev",
  ].map(inTests),
  ...["package/redis-types", "package/sample", "recipes/recipes", "runners/runners", "security/fuzz"].map(inTests),
  ...["soak/soak", "stores/file-store-races"].map(inTests),
];
const OTHER_ROOM_NEEDS = ["packages", "package"];

const check = (program, args, hint) => ({ program, args, hint });
/** Tests that are counted by their closing lines. */
const tests = (program, args, env) => ({ program, args, env, counted: "lines" });
/** A test by itself. */
const simulation = (...args) => ({ program: "node", args: ["scripts/sim.mjs", ...args], counted: "one" });

const formatting = {
  name: "formatting",
  needs: ["packages"],
  commands: () => [
    ...["Cargo.toml", "fuzz/Cargo.toml", "scripts/wasm-bindgen/Cargo.toml"].map((manifest) =>
      check("cargo", ["fmt", "--check", "--manifest-path", manifest], "The same without --check mends it."),
    ),
    check("node_modules/.bin/biome", ["check", "--error-on-warnings"], "`npx biome check --write` mends most of it."),
  ],
};
const lints = {
  name: "lints",
  needs: [],
  commands: () => [
    check("cargo", ["clippy", "--locked", "--lib", "--tests", "--test", "simulation", ...DENY_WARNINGS]),
  ],
};
const core = { name: "core", needs: [], commands: () => [tests("cargo", ["test", "--locked"])] };
const worlds = {
  name: "simulation",
  needs: [],
  commands: () => [
    simulation("--seeds", "20000", "--corpus", "fuzz/corpus/world.txt", "--phases"),
    simulation("--exhaustive", "2", "2"),
  ],
};
const edge = {
  name: "edge",
  needs: ["target", "test-runner", "chromium", "chromedriver"],
  commands: () => [
    check("cargo", ["clippy", "--locked", "--all-targets", ...WASM, ...DENY_WARNINGS]),
    tests("cargo", ["test", "--locked", ...WASM, "--test", "edge_node"]),
    tests("cargo", ["test", "--locked", ...WASM, "--test", "edge_browser"], { CHROMEDRIVER: command("chromedriver") }),
  ],
};
const build = {
  name: "build",
  needs: ["packages", "target", "wasm-bindgen"],
  commands: () => [check("node", ["scripts/size.mjs"])],
};
const node = { name: "node", files: filesIn(...rooms().filter((room) => room !== "browser")) };
/** One after another: what waits in browsers side by side takes the time of the other lane. */
const browser = { name: "browser", files: filesIn("browser"), atOnce: 1 };
const platforms = (isAll) => ({
  name: "platforms",
  needs: ["package", "redis-server", "chromium", "firefox-esr", ...(isAll ? WEBKIT : [])],
  commands: () => [tests("node", ["tests/platforms/main.mjs", ...(isAll ? [] : ["--quick"])])],
});
const everyBrowser = {
  name: "wasm-pack",
  isLong: true,
  needs: [
    ...["target", "test-runner", "wasm-pack", "chromium", "chromedriver", "firefox-esr", "geckodriver"],
    ...WEBKIT,
  ],
  commands: () => [
    edgeTests([wasmPack], "--chrome", "--chromedriver", command("chromedriver")),
    edgeTests([wasmPack], "--firefox", "--geckodriver", geckodriver),
    edgeTests(["xvfb-run", "-a", wasmPack], "--safari", "--safaridriver", command("WebKitWebDriver")),
  ],
};
const bench = {
  name: "bench",
  isLong: true,
  needs: ["package", "chromium", "firefox-esr"],
  commands: () => [tests("node", ["tests/bench/main.mjs", "--gates"])],
};

/**
 * Stages, one after another, of lanes side by side, of steps. What is long, steps and files, is played by
 * `npm run test:all`, where CI is set, and when it is named.
 */
export const stages = (isAll) => [
  [[formatting, lints, core], [worlds]],
  [[build]],
  [
    [node, ...(isAll ? [] : [platforms(isAll)])],
    [edge, browser],
  ],
  ...(isAll ? [[[platforms(isAll)]]] : []),
  [[everyBrowser]],
  [[bench]],
];

function inTests(name) {
  return `tests/${name}.test.mjs`;
}

function rooms() {
  const entries = readdirSync(join(root, "tests"), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function filesIn(...names) {
  return names.flatMap((room) =>
    readdirSync(join(root, "tests", room))
      .filter((file) => file.endsWith(".test.mjs"))
      .map((file) => `tests/${room}/${file}`),
  );
}

/** A step that plays only these of its test files. */
export function withFiles({ name, atOnce = 2 }, files) {
  const needs = files.flatMap((file) => [
    ...(ROOM_NEEDS[file.split("/")[1]] ?? OTHER_ROOM_NEEDS),
    ...(FILE_NEEDS[file] ?? []),
  ]);
  const args = ["--test", `--test-concurrency=${atOnce}`, "--test-reporter=spec", ...files];
  return { name, needs: [...new Set(needs)], commands: () => [tests("node", args)] };
}

function edgeTests([program, ...before], ...driver) {
  const after = ["--mode", "no-install", "--", "--locked", "--test", "edge_browser"];
  return tests(program, [...before, "test", "--headless", ...driver, ...after], { PATH: toolPath });
}
