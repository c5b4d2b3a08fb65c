import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { toAscii } from "./ascii.mjs";
import { setUp, wasmBindgen } from "./setup.mjs";
import { withoutPanicData, withoutPanics } from "./shrink.mjs";
import { main, root, run, step } from "./steps.mjs";

const TEMPLATE = join(root, "pkg-template");
const WASM = join(root, "target/wasm");
const COPIED = ["package.json", "index.d.ts"];
const ROOT_FILES = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];
const GLUE = join(WASM, "meshydb_client.js");

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
    env: { RUSTFLAGS: `${remapPaths()} -Clink-arg=--no-merge-data-segments` },
  });
  const compiled = "target/wasm32-unknown-unknown/release/meshydb_client.wasm";
  rmSync(WASM, { recursive: true, force: true });
  await run(wasmBindgen, [
    compiled,
    "--target",
    "web",
    "--no-typescript",
    "--encode-into",
    "always",
    "--out-dir",
    WASM,
  ]);
  await shrink();
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
  await optimize("--flatten", "--rereloop", "-Oz", "-Oz", "--converge");
  const text = binaryen.readBinary(readFileSync(wasmFile)).emitText();
  const shortened = shortenNames(withoutPanicData(text, before));
  writeFileSync(wasmFile, binaryen.parseText(shortened).emitBinary());
  await optimize();
}

async function optimize(...passes) {
  const features = [
    "bulk-memory",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
  ];
  const flags = ["-Oz", "--low-memory-unused", ...passes];
  const stripped = ["--strip-debug", "--strip-producers", "--strip-target-features"];
  const enabled = features.map((feature) => `--enable-${feature}`);
  await run("node_modules/.bin/wasm-opt", [wasmFile, ...enabled, ...flags, ...stripped, "-o", wasmFile]);
}

/**
 * wasm-bindgen gives imports and exports names with a hash in them: two kilobytes that no compression can take out.
 * Here the glue and the module agree on short names instead.
 */
function shortenNames(text) {
  let glue = readFileSync(GLUE, "utf8");
  const found = (pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))];
  for (const [index, name] of found(/\(import "([^"]+)"/g).entries()) {
    text = text.replaceAll(`"${name}"`, `"${index}"`);
    glue = glue.replaceAll(`\n        "${name}":`, `\n        "${index}":`);
  }
  text = text.replaceAll(/^ \(export "(\w+)".*\n/gm, (line, name) => (glue.includes(`wasm.${name}`) ? line : ""));
  const names = [...found(/\(import "\d+" "(__wb[^"]+)"/g), ...found(/\(export "((?:_|engine|settings|wasm_)[^"]+)"/g)];
  for (const [index, name] of names.entries()) {
    const short = (index + 10).toString(36).replace(/^\d/, (digit) => "abcdefghij"[digit]);
    text = text.replaceAll(`"${name}"`, `"${short}"`);
    glue = glue.replaceAll(new RegExp(`(?<=wasm\\.|^ +)${name}\\b`, "gm"), short);
  }
  const direct = found(/\(import "1" "([^"]+)"/g).join(", ");
  glue = glue
    .replace(/^import \* as import\d from/m, `import { ${direct} } from`)
    .replaceAll(/^import \* as import\d from .*\n/gm, "")
    .replace(/"1": import\d/, `"1": { ${direct} }`)
    .replaceAll(/^\s+"1": import\d,\n/gm, "");
  writeFileSync(GLUE, trimmed(glue));
  return text;
}

/** What the module does not import goes; nobody frees by hand, what is not used any more is collected; enums are looked up one way; there is one way to start. */
function trimmed(glue) {
  const start = "return __wbg_finalize_init(new WebAssembly.Instance(module, __wbg_get_imports()), module);";
  return glue
    .replaceAll(/^ {8}__wb\w+: function\([\s\S]*?^ {8}\},\n/gm, "")
    .replaceAll(/^ {4}(__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, "")
    .replaceAll(/^if \(Symbol\.dispose\).*\n/gm, "")
    .replaceAll(/^( +\w+: \d+), "\d+": "\w+",$/gm, "$1,")
    .concat(`export function start(module) { ${start} }\n`);
}

/** The hand-written entries, the generated glue and the wasm, as one file for each module format. */
async function assemble() {
  rmSync(packageFolder, { recursive: true, force: true });
  mkdirSync(packageFolder);
  for (const [format, file] of [
    ["esm", "index.js"],
    ["cjs", "index.cjs"],
  ]) {
    await bundle({ format, outfile: join(packageFolder, file) });
  }
  for (const file of COPIED) cpSync(join(TEMPLATE, file), join(packageFolder, file));
  for (const file of ROOT_FILES) cpSync(join(root, file), join(packageFolder, file));
  cpSync(join(TEMPLATE, "index.d.ts"), join(packageFolder, "index.d.cts"));
}

export async function bundle(options) {
  const { build: esbuild } = await import("esbuild");
  await esbuild({
    entryPoints: [join(TEMPLATE, "index.js")],
    bundle: true,
    target: "es2022",
    platform: "neutral",
    logLevel: "warning",
    logOverride: { "empty-import-meta": "silent" },
    plugins: [sources],
    ...options,
  });
}

/** Where the entries' generated neighbours come from; the glue's copy of platform.js is the template's own. */
const sources = {
  name: "sources",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/platform\.js$/ }, () => ({ path: join(TEMPLATE, "platform.js") }));
    onLoad({ filter: /\/pkg-template\/module\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace("@wasm@", () => toAscii(readFileSync(wasmFile))),
    }));
  },
};

if (process.argv[1] === import.meta.filename) await main(build);
