import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root, run, StepError } from "./steps.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const TOOLS = join(root, "target/tools");
const WASM_BINDGEN = join(root, "scripts/wasm-bindgen");
const BUILT = join(TOOLS, "debug");
const REQUIREMENTS = join(root, "tests/shared/python/requirements.txt");
const ENVIRONMENT = join(TOOLS, "python");
const CARGO_TOOLS = {
  "wasm-pack": "0.15.1",
  geckodriver: "0.37.1",
  "cargo-deny": "0.20.2",
  "cargo-fuzz": "0.13.2",
  "cargo-mutants": "27.1.0",
};
/** Commands, or what is asked of one, and the Debian package of each. */
const DEBIAN = {
  chromium: "chromium",
  chromedriver: "chromium-driver",
  "firefox-esr": "firefox-esr",
  WebKitWebDriver: "webkit2gtk-driver",
  "xvfb-run": "xvfb",
  xauth: "xauth",
  "redis-server": "redis-server",
  initdb: "postgresql",
  bindfs: "bindfs",
  "python3 -m venv": "python3-venv",
};
const OTHERS = {
  packages: installPackages,
  target: installTarget,
  "test-runner": () => buildWasmBindgen("wasm-bindgen-test-runner", "--features", "test-runner"),
  "wasm-bindgen": async () => {
    await begun.get("test-runner");
    await buildWasmBindgen("wasm-bindgen");
  },
  "wasm-pack": () => setUpTool("wasm-pack"),
  geckodriver: () => setUpTool("geckodriver"),
  "python-packages": async () => {
    await begun.get("python3 -m venv");
    await installPythonPackages();
  },
};

export const wasmBindgen = join(BUILT, "wasm-bindgen");
export const geckodriver = join(TOOLS, "bin/geckodriver");
export const wasmPack = join(TOOLS, "bin/wasm-pack");
export const python = join(ENVIRONMENT, "bin/python");
export const toolPath = [BUILT, process.env.PATH].join(delimiter);

const begun = new Map();

/** Sets up what is named, each thing once in a process, side by side; with one call of apt for all that it has to install. */
export async function setUpAll(names) {
  checkNode();
  const missing = names.filter((name) => !begun.has(name));
  const commands = missing.filter((name) => DEBIAN[name] && !command(name));
  const installed = installDebianPackages([...new Set(commands.map((name) => DEBIAN[name]))]);
  for (const name of commands) begun.set(name, installed);
  for (const [name, work] of Object.entries(OTHERS)) if (missing.includes(name)) begun.set(name, work());
  await Promise.all(names.map((name) => begun.get(name)));
}

/** What every command needs. */
export function setUp() {
  return setUpAll(["packages", "target", "wasm-bindgen"]);
}

/** What only tests in browsers need. */
export function setUpBrowsers() {
  return setUpAll(["chromium", "firefox-esr"]);
}

/** What only the tests of stores in Redis and in PostgreSQL need: the servers' programs, which the tests start themselves. */
export function setUpServers() {
  return setUpAll(["redis-server", "initdb"]);
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new StepError(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
}

async function installPackages() {
  const installed = join(root, "node_modules/.package-lock.json");
  const isCurrent =
    existsSync(installed) && lockedVersions(installed) === lockedVersions(join(root, "package-lock.json"));
  if (isCurrent) return;
  await timed("npm packages", () =>
    run("npm", ["ci", "--no-audit", "--no-fund"], { quiet: true, hint: "Is the npm registry reachable?" }),
  );
}

function lockedVersions(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  return JSON.stringify(
    Object.entries(packages)
      .filter(([path, { optional }]) => path && !optional)
      .map(([path, { version }]) => [path, version]),
  );
}

async function installTarget() {
  const hint = "Install Rust with rustup, then run this command again.";
  const installed = await run("rustup", ["target", "list", "--installed"], { quiet: true, hint });
  if (installed.includes(WASM_TARGET)) return;
  const args = ["target", "add", WASM_TARGET];
  await timed(`the Rust target ${WASM_TARGET}`, () => run("rustup", args, { quiet: true, hint }));
}

/** Builds a program of scripts/wasm-bindgen if its sources are newer; both, where the test runner is asked for. */
async function buildWasmBindgen(name, ...features) {
  const sources = readdirSync(WASM_BINDGEN).map((file) => statSync(join(WASM_BINDGEN, file)).mtimeMs);
  const binary = join(BUILT, name);
  if (existsSync(binary) && statSync(binary).mtimeMs > Math.max(...sources)) return;
  const manifest = ["--manifest-path", join(WASM_BINDGEN, "Cargo.toml"), "--target-dir", TOOLS];
  await timed(`${name}, once`, () =>
    run("cargo", ["build", "--locked", ...manifest, ...features], {
      quiet: true,
      hint: "Is the crate registry reachable?",
    }),
  );
}

/** What only coverage needs: the programs of the LLVM that rustc was built with. Resolves to the folder with them. */
export async function setUpLlvm() {
  const [, version] = (await run("rustc", ["-vV"], { quiet: true })).match(/^LLVM version: (\d+)/m);
  const folder = `/usr/lib/llvm-${version}/bin`;
  if (!existsSync(join(folder, "llvm-cov"))) await installDebianPackages([`llvm-${version}`]);
  return folder;
}

/** Where PostgreSQL's programs are: Debian has a folder for each version, elsewhere they are in the path. */
export function postgresFolder() {
  const versions = "/usr/lib/postgresql";
  const folders = existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, "bin")) : [];
  return [...folders, ...process.env.PATH.split(delimiter)].find((folder) => existsSync(join(folder, "initdb")));
}

/** A Python that can make virtual environments: Debian's cannot by itself, and may come after another in the path. */
function venvPython() {
  const asked = "import ensurepip, sys, venv; ensurepip.version(); sys.exit(sys.version_info < (3, 11))";
  return ["python3", "/usr/bin/python3"].find((name) => spawnSync(name, ["-c", asked]).status === 0);
}

/** Makes a virtual environment of what is required, anew if that has changed. */
async function installPythonPackages() {
  const installed = join(ENVIRONMENT, "requirements.txt");
  const required = readFileSync(REQUIREMENTS, "utf8");
  if (existsSync(python) && existsSync(installed) && readFileSync(installed, "utf8") === required) return;
  const found = venvPython();
  if (!found) throw new StepError("Install Python 3.11 or newer with its venv, then run this command again.");
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const install = ["-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary=:all:", "-r"];
  await timed("Python packages, once", async () => {
    await run(found, ["-m", "venv", ENVIRONMENT], { quiet: true });
    await run(python, [...install, REQUIREMENTS], { quiet: true, hint: "Is the Python registry reachable?" });
  });
  copyFileSync(REQUIREMENTS, installed);
}

/** Where a command is, if it is installed. */
export function command(name) {
  if (name === "python3 -m venv") return venvPython();
  const folders = [...process.env.PATH.split(delimiter), name === "initdb" ? postgresFolder() : undefined];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

let building = Promise.resolve();

/** One of the programs that cargo builds, one after another, and unoptimised: none of them has much to do. Resolves to where it is. */
export async function setUpTool(name) {
  const version = CARGO_TOOLS[name];
  const binary = join(TOOLS, "bin", name);
  const asked = name === "cargo-mutants" ? ["mutants", "--version"] : ["--version"];
  if (existsSync(binary) && (await run(binary, asked, { quiet: true })).includes(version)) return binary;
  const args = ["install", name, "--version", version, "--locked", "--debug", "--root", TOOLS];
  const install = () =>
    run("cargo", args, {
      quiet: true,
      env: { CARGO_TARGET_DIR: join(TOOLS, "build") },
      hint: "Is the crate registry reachable?",
    });
  building = building.then(() => timed(`${name} ${version}, once (some minutes)`, install));
  await building;
  return binary;
}

async function installDebianPackages(packages) {
  if (!packages.length) return;
  const names = packages.join(" ");
  const byHand = `Install these, then run this command again: ${names}\nOr play what does without: npm run core`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) throw new StepError(byHand);
  await timed(packages.join(", "), async () => {
    await run("apt-get", ["update"], { quiet: true, hint: byHand });
    await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
      quiet: true,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      hint: byHand,
    });
  });
}

/** Says that something is being installed or built, and when it is there. */
async function timed(what, work) {
  const start = performance.now();
  console.log(`  set-up: ${what} …`);
  await work();
  console.log(`  set-up: ${what}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
