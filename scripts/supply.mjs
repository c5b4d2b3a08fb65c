import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { checkSbom, sbom } from "./sbom.mjs";
import { setUp, setUpTool } from "./setup.mjs";
import { main, root, run, StepError } from "./steps.mjs";

const SBOM = "target/meshydb-client.cdx.json";
const CARGO_CALL = /\[\s*"(build|test|rustc|clippy|install|metadata)"(?!, "-y")[^\]]*\]/g;
const REQUIREMENTS = "tests/shared/python/requirements.txt";
const PEERS = ["oauth4webapi", "react", "redis", "vue"];

/** What is quickly checked, by name: each resolves to what was found. */
export const quickChecks = {
  "npm package": checkManifest,
  installs: checkInstalls,
  "lock files": checkLocks,
  "bill of materials": checkBill,
};
const slowChecks = { crates: checkCrates, advisories: checkAdvisories, "two builds": checkBuilds };

/** No dependency at run time, nothing that runs when it is installed, and peers that are optional, each by name. */
export function checkManifest() {
  const manifest = JSON.parse(read("pkg-template/package.json"));
  const { peerDependencies, peerDependenciesMeta } = manifest;
  for (const name of ["dependencies", "optionalDependencies", "bundleDependencies", "scripts", "bin", "gypfile"])
    requires(
      manifest[name] === undefined,
      `pkg-template/package.json has ${name}: nobody who installs it may need that.`,
    );
  const names = Object.keys(peerDependencies);
  requires(names.join() === PEERS.join(), `The peers are ${names}: name them in scripts/supply.mjs if that is right.`);
  for (const name of names)
    requires(peerDependenciesMeta[name]?.optional, `The peer ${name} is not optional in pkg-template/package.json.`);
  return `no dependency, no install script; optional peers: ${names.join(", ")}`;
}

/** Whatever a script installs or builds is in a lock file. */
export function checkInstalls() {
  const files = ["scripts", "tests", "examples"].flatMap(scriptsIn);
  let count = 0;
  for (const file of files) {
    const text = read(file);
    const calls = file.startsWith("scripts/") ? text.match(CARGO_CALL) : [];
    for (const call of calls ?? [])
      requires(call.includes('"--locked"'), `${file} calls cargo without --locked: ${call}`);
    const [unlocked] = text.match(/"npm", \["install.*/) ?? [];
    requires(!unlocked, `${file} installs npm packages without a lock file, say "ci": ${unlocked}`);
    const [unhashed] = text.match(/"pip",\s"install"(?!,\s"--require-hashes").*/) ?? [];
    requires(!unhashed, `${file} installs Python packages without --require-hashes: ${unhashed}`);
    count += (calls ?? []).length + text.split('"npm", ["ci"').length - 1;
  }
  return `${count} calls of cargo and npm, all by lock file`;
}

export function checkLocks() {
  const folders = ["platforms", "runners", "recipes", "examples", "shared/peers"].map((name) => `tests/${name}/`);
  const locks = ["", ...folders].map((folder) => `${folder}package-lock.json`);
  for (const file of locks) {
    const packages = Object.entries(JSON.parse(read(file)).packages).filter(([path, { link }]) => path && !link);
    for (const [path, { integrity, inBundle }] of packages)
      requires(integrity || inBundle, `${file} has no digest of ${path}: install it again with npm.`);
  }
  const requirements = read(REQUIREMENTS)
    .split(/^(?=\w)/m)
    .slice(1);
  for (const requirement of requirements)
    requires(/^\S+==.*--hash=sha256:/s.test(requirement), `${REQUIREMENTS} has no digest of ${requirement.trim()}`);
  return `a digest of each package in ${[...locks, REQUIREMENTS].join(" and ")}`;
}

/** Written anew, and complete. */
export async function checkBill() {
  const bill = await sbom();
  checkSbom(bill);
  mkdirSync(join(root, "target"), { recursive: true });
  writeFileSync(join(root, SBOM), `${JSON.stringify(bill, null, 2)}\n`);
  return `${bill.components.length} crates in the WebAssembly, no npm package at run time: ${SBOM}`;
}

async function checkCrates() {
  await deny("Cargo.toml", "bans", "licenses", "sources");
  for (const file of ["scripts/wasm-bindgen/Cargo.toml", "fuzz/Cargo.toml"])
    if (existsSync(join(root, file))) await deny(file, "sources");
  return "their licences are those of deny.toml, none is there twice, all are from the crate registry";
}

async function checkAdvisories() {
  try {
    await run(await setUpTool("cargo-deny"), ["fetch", "db"], { quiet: true });
  } catch {
    return "SKIPPED: the advisory database is a git repository that cannot be fetched here";
  }
  await deny("Cargo.toml", "advisories");
  return "none of a crate that is used";
}

async function deny(manifest, ...checks) {
  const args = ["--manifest-path", manifest, "--locked", "--config", "deny.toml", "check", ...checks];
  await run(await setUpTool("cargo-deny"), args, { quiet: true, hint: "What is allowed is in deny.toml." });
}

/** HEAD, built and packed in two folders that share no build: each file has the same bytes. */
async function checkBuilds() {
  const folders = [];
  try {
    for (const name of ["first", "the-second-with-a-longer-name"]) {
      const folder = join(mkdtempSync(join(tmpdir(), "meshydb-client-build-")), name);
      folders.push(folder);
      console.log(`  building in ${folder} (about two minutes)`);
      await buildIn(folder);
    }
    const [first, second] = folders.map(digests);
    for (const name of new Set([...Object.keys(first), ...Object.keys(second)]))
      requires(first[name] === second[name], `${name} depends on where or when it is built.`);
    return `${Object.keys(first).length} files with the same bytes, the packed tarball among them`;
  } finally {
    for (const folder of folders) rmSync(join(folder, ".."), { recursive: true, force: true });
  }
}

async function buildIn(folder) {
  mkdirSync(join(folder, "target"), { recursive: true });
  const archive = `${folder}.tar`;
  await run("git", ["archive", "--output", archive, "HEAD"], { quiet: true });
  await run("tar", ["-xf", archive, "-C", folder], { quiet: true });
  for (const name of ["node_modules", "target/tools"]) symlinkSync(join(root, name), join(folder, name), "dir");
  await run("node", ["scripts/build.mjs"], { cwd: folder, quiet: true, env: { CARGO_TARGET_DIR: undefined } });
  await run("npm", ["pack", "--ignore-scripts", "--offline", "--pack-destination", join(folder, "pkg")], {
    cwd: join(folder, "pkg"),
    quiet: true,
  });
}

function digests(folder) {
  const names = readdirSync(join(folder, "pkg"), { recursive: true });
  const digest = (name) =>
    createHash("sha256")
      .update(readFileSync(join(folder, "pkg", name)))
      .digest("hex");
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}

function scriptsIn(folder) {
  const names = readdirSync(join(root, folder), { recursive: true });
  const isOurs = (name) => name.endsWith(".mjs") && !/node_modules|^(platforms|runners)\/work\//.test(name);
  return names.filter(isOurs).map((name) => relative(root, join(root, folder, name)));
}

function read(file) {
  return readFileSync(join(root, file), "utf8");
}

function requires(isTrue, what) {
  if (!isTrue) throw new StepError(what);
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await setUp();
    for (const [name, check] of Object.entries({ ...quickChecks, ...slowChecks }))
      console.log(`${name}: ${await check()}`);
  });
}
