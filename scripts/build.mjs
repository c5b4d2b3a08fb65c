import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { toAscii } from "./ascii.mjs";
import { entries, peerModules, sourceOf, template, typesOf } from "./entries.mjs";
import { shortenNames, simplified } from "./glue.mjs";
import { setUp, wasmBindgen } from "./setup.mjs";
import { sorted, unaligned, withoutPanicData, withoutPanics, withoutReferenceTypes } from "./shrink.mjs";
import { main, root, run, step } from "./steps.mjs";

const CORE = join(template, "core");
const WASM = join(root, "target/wasm");
const WASM_NAME = "meshydb-client.wasm";
const ROOT_FILES = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
const SHRINKING = ["shrink", "glue", "build"].map((name) => join(root, `scripts/${name}.mjs`));
/** Each constant apart, for scripts/shrink.mjs; inlining as far as it still makes the module smaller, and less of what LLVM merges. */
const RUST_FLAGS = [
  "-Clink-arg=--no-merge-data-segments",
  ...[
    "-inline-threshold=0",
    "-disable-lsr",
    "-sink-common-insts=false",
    "-two-entry-phi-node-folding-threshold=16",
  ].map((flag) => `-Cllvm-args=${flag}`),
].join(" ");
/** The other passes find more in a module that was taken apart. */
const FLATTEN = ["--flatten", "--rereloop"];
const COMPILED = join(root, "target/wasm32-unknown-unknown/release/meshydb_client.wasm");
const GLUE = join(WASM, "meshydb_client.js");
/** Says of what the module and its glue were made, so that the same are not made again. */
const MADE_OF = join(WASM, "made-of");

export const wasmFile = join(WASM, "meshydb_client_bg.wasm");
const packageFolder = join(root, "pkg");

/** Leaves a publishable package in pkg/. */
export async function build() {
  await step("set-up", setUp);
  await step("core to WebAssembly", compile);
  await step("package in pkg/", assemble);
}

async function compile() {
  const target = ["--target", "wasm32-unknown-unknown"];
  await run("cargo", ["rustc", "--release", "--locked", "--lib", "--crate-type", "cdylib", ...target], {
    env: { RUSTFLAGS: `${remapPaths()} ${RUST_FLAGS}` },
  });
  const madeOf = digest(COMPILED, wasmBindgen, join(root, "package-lock.json"), ...SHRINKING);
  if (existsSync(MADE_OF) && readFileSync(MADE_OF, "utf8") === madeOf) return;
  const compiled = join(root, "target/meshydb_client.wasm");
  writeFileSync(compiled, withoutReferenceTypes(readFileSync(COMPILED)));
  rmSync(WASM, { recursive: true, force: true });
  await run(wasmBindgen, [compiled, WASM]);
  await shrink();
  writeFileSync(MADE_OF, madeOf);
}

function digest(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

/** Panics name source files: without this machine's folders, the module is the same wherever it is built. */
function remapPaths() {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  return readdirSync(registry)
    .map((name) => `--remap-path-prefix=${join(registry, name)}/=`)
    .join(" ");
}

async function shrink() {
  const { default: binaryen } = await import("binaryen");
  const module = binaryen.readBinary(readFileSync(wasmFile));
  const before = module.emitText();
  withoutPanics(module, binaryen);
  writeFileSync(wasmFile, module.emitBinary());
  await optimize(0, ...FLATTEN, "-Oz", ...FLATTEN, "-Oz", "-Oz", "--converge");
  const text = binaryen.readBinary(readFileSync(wasmFile)).emitText();
  const shortened = shortenNames(withoutPanicData(text, before), simplified(readFileSync(GLUE, "utf8")));
  writeFileSync(wasmFile, binaryen.parseText(sorted(unaligned(shortened.text))).emitBinary());
  writeFileSync(GLUE, shortened.glue);
  await optimize(600);
}

/** Functions with one caller become a part of it, if they are no larger than `inlined`: late, that makes the module smaller. */
async function optimize(inlined, ...passes) {
  const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "sign-ext"];
  const flags = ["-Oz", "--low-memory-unused", `--one-caller-inline-max-function-size=${inlined}`, ...passes];
  const stripped = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  const enabled = features.map((feature) => `--enable-${feature}`);
  await run("node_modules/.bin/wasm-opt", [wasmFile, ...enabled, ...flags, ...stripped, "-o", wasmFile]);
}

/** Each hand-written entry as one file for each module format, the first with the generated glue and the wasm in it. */
export async function assemble() {
  rmSync(packageFolder, { recursive: true, force: true });
  mkdirSync(packageFolder);
  for (const entry of entries) {
    for (const [format, ending] of [
      ["esm", "js"],
      ["cjs", "cjs"],
    ]) {
      await bundle({ entry, format, outfile: join(packageFolder, `${entry}.${ending}`) });
    }
    const types = typesOf(entry);
    writeFileSync(join(packageFolder, `${entry}.d.ts`), types);
    writeFileSync(join(packageFolder, `${entry}.d.cts`), types.replaceAll(/"(\.\/\w+)\.js"/g, '"$1.cjs"'));
  }
  await bundle({ format: "esm", core: "./module-workerd.js", outfile: join(packageFolder, "index.workerd.js") });
  for (const file of peerModules) cpSync(file, join(packageFolder, basename(file)));
  cpSync(wasmFile, join(packageFolder, WASM_NAME));
  cpSync(join(template, "package.json"), join(packageFolder, "package.json"));
  for (const file of ROOT_FILES) cpSync(join(root, file), join(packageFolder, file));
}

/** `core` is the module that compiles it. */
export async function bundle({ entry = "index", core = "./module.js", format, ...options }) {
  const { build: esbuild } = await import("esbuild");
  return esbuild({
    entryPoints: [sourceOf(entry)],
    bundle: true,
    format,
    target: "es2022",
    platform: "neutral",
    logLevel: "warning",
    logOverride: { "empty-import-meta": "silent" },
    plugins: [sources(core, format)],
    ...options,
  });
}

function inlined(text) {
  const found = [...text.matchAll(/^const ([A-Z_]+) = ([\d_e]+|2 \*\* 31 - 1);\n/gm)];
  return found.reduce(
    (left, [whole, name, value]) => left.replace(whole, "").replaceAll(new RegExp(`\\b${name}\\b`, "g"), `(${value})`),
    text,
  );
}

/** Where the core's generated parts come from. The other rooms share the core, as it is installed: there is one MeshyError. */
const sources = (core, format) => ({
  name: "sources",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:|react$|vue$)/ }, () => ({ external: true }));
    onResolve({ filter: /^\.\.\/core\/index\.js$/ }, () => ({
      path: format === "cjs" ? "./index.cjs" : "./index.js",
      external: true,
    }));
    onResolve({ filter: /^\.\/oauth\.js$/ }, () => ({
      path: format === "cjs" ? "./oauth.cjs" : "./oauth.js",
      external: true,
    }));
    onResolve({ filter: /^\.\/[a-z-]+-peer\.js$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^\.\/module\.js$/ }, () => ({ path: join(CORE, core) }));
    onLoad({ filter: /\/target\/wasm\/meshydb_client\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8"),
      loader: "ts",
    }));
    onLoad({ filter: /\/pkg-template\/core\/[a-ln-z][a-z]*\.js$/ }, ({ path }) => ({
      contents: inlined(readFileSync(path, "utf8")),
    }));
    onLoad({ filter: /\/pkg-template\/core\/module\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("@wasm@", () => toAscii(readFileSync(wasmFile))),
    }));
  },
});

if (process.argv[1] === import.meta.filename) await main(build);
