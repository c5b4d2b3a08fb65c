import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root, run, StepError } from "./steps.mjs";

const WASM_TARGET = "wasm32-unknown-unknown";
const TOOLS = join(root, "target/tools");
const CARGO_TOOLS = {
  "wasm-pack": "0.15.1",
  geckodriver: "0.37.1",
  "cargo-deny": "0.20.2",
  "cargo-fuzz": "0.13.2",
  "cargo-mutants": "27.1.0",
};
/** Commands that the browser tests need, and the Debian package of each. */
const BROWSERS = { chromium: "chromium", chromedriver: "chromium-driver", "firefox-esr": "firefox-esr" };

export const wasmBindgen = join(TOOLS, "release/wasm-bindgen");
export const geckodriver = join(TOOLS, "bin/geckodriver");
export const wasmPack = join(TOOLS, "bin/wasm-pack");
export const toolPath = [join(TOOLS, "release"), process.env.PATH].join(delimiter);

/** What every command needs: npm's packages, the wasm target, wasm-bindgen. */
export async function setUp() {
  checkNode();
  await installPackages();
  await installTarget();
  await buildWasmBindgen();
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
  console.log("  installing npm packages");
  await run("npm", ["ci", "--no-audit", "--no-fund"], { quiet: true, hint: "Is the npm registry reachable?" });
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
  console.log(`  installing the Rust target ${WASM_TARGET}`);
  await run("rustup", ["target", "add", WASM_TARGET], { quiet: true, hint });
}

async function buildWasmBindgen() {
  if (!existsSync(wasmBindgen)) console.log("  building wasm-bindgen and its test runner, once (about two minutes)");
  const args = ["build", "--release", "--locked", "--manifest-path", "tools/Cargo.toml", "--target-dir", TOOLS];
  await run("cargo", args, { quiet: true, hint: "Is the crate registry reachable?" });
}

/** What only the browser tests need. */
export async function setUpBrowsers() {
  for (const name of ["wasm-pack", "geckodriver"]) await setUpTool(name);
  const missing = Object.keys(BROWSERS).filter((name) => !command(name));
  if (missing.length) await installDebianPackages(missing.map((name) => BROWSERS[name]));
}

/** What only the tests of stores in Redis and in PostgreSQL need: the servers' programs, which the tests start themselves. */
export async function setUpServers() {
  const missing = [];
  if (!command("redis-server")) missing.push("redis-server");
  if (!postgresFolder()) missing.push("postgresql");
  if (missing.length) await installDebianPackages(missing);
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

/** Where a command is, if it is installed. */
export function command(name) {
  const folders = process.env.PATH.split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** One of the programs that cargo builds; resolves to where it is. */
export async function setUpTool(name) {
  const version = CARGO_TOOLS[name];
  const binary = join(TOOLS, "bin", name);
  const asked = name === "cargo-mutants" ? ["mutants", "--version"] : ["--version"];
  if (existsSync(binary) && (await run(binary, asked, { quiet: true })).includes(version)) return binary;
  console.log(`  building ${name} ${version}, once (some minutes)`);
  const args = ["install", name, "--version", version, "--locked", "--root", TOOLS];
  await run("cargo", args, {
    quiet: true,
    env: { CARGO_TARGET_DIR: join(TOOLS, "build") },
    hint: "Is the crate registry reachable?",
  });
  return binary;
}

async function installDebianPackages(packages) {
  const byHand = `Install these by hand, then run this command again: ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) throw new StepError(byHand);
  console.log(`  installing ${packages.join(", ")}`);
  await run("apt-get", ["update"], { quiet: true, hint: byHand });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
    quiet: true,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    hint: byHand,
  });
}
