import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/steps.mjs";
import { versionOf, work } from "../kit.mjs";
import { bundled, rollup, webpack } from "./bundlers.mjs";

/** What is in every part of the package, and in nothing else. */
const TRACE = /meshydb|MeshyError|invalid_argument|WebAssembly/;
const unused = join(work, "app/unused.js");
const typesOnly = join(work, "app/types-only.ts");

function checkNothing(code) {
  assert.match(code, /name/);
  assert.doesNotMatch(code, TRACE);
  assert.ok(code.length < 500, `${code.length} bytes`);
}

const typesOnlyCompiled = async () => {
  const { default: ts } = await import("typescript");
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  return ts.transpileModule(readFileSync(typesOnly, "utf8"), { compilerOptions }).outputText;
};

export const shaking = [
  {
    name: "types or nothing used, esbuild",
    isQuick: true,
    run: async () => {
      for (const entry of [unused, typesOnly]) {
        const options = { entryPoints: [entry], format: "esm", external: ["node:*"], logLevel: "silent" };
        checkNothing(await bundled(options));
      }
      checkNothing(await typesOnlyCompiled());
      return { versions: `esbuild ${versionOf("esbuild", join(root, "node_modules"))}`, result: "no byte" };
    },
  },
  {
    name: "types or nothing used, Rollup",
    run: async () => {
      checkNothing(await rollup(unused, { external: /^node:/ }));
      return { versions: `Rollup ${versionOf("rollup")}`, result: "no byte" };
    },
  },
  {
    name: "types or nothing used, webpack",
    run: async () => {
      const path = join(work, "out/webpack-unused");
      await webpack({
        entry: unused,
        target: "node",
        experiments: { outputModule: true },
        output: { path, module: true, library: { type: "module" } },
      });
      checkNothing(readFileSync(join(path, "main.mjs"), "utf8"));
      return { versions: `webpack ${versionOf("webpack")}`, result: "no byte" };
    },
  },
];
