import { readFileSync } from "node:fs";

/** The modules that are played as they are shipped. */
const MODULES = ["index", "service-worker"];
/** Names that the package looks up, each of which a realm has for itself. */
const NAMES = [
  ..."globalThis setTimeout clearTimeout performance Date Math crypto indexedDB localStorage navigator document".split(
    " ",
  ),
  ..."MessageChannel BroadcastChannel addEventListener removeEventListener fetch WeakRef FinalizationRegistry".split(
    " ",
  ),
  ..."TextEncoder WebAssembly Window".split(" "),
];
const LONG = 10_000;

/** The same module for all realms, decoded and compiled once. */
const compiled = { module: undefined };
export const Assembly = {
  async compile(bytes) {
    compiled.module ??= new WebAssembly.Module(bytes);
    return compiled.module;
  },
  instantiate: async (module, imports) => new WebAssembly.Instance(module, imports),
};
export class Encoder extends TextEncoder {
  encode(text) {
    return super.encode(compiled.module && text.length > LONG ? "" : text);
  }
}

/** The texts of its modules. */
export function readPackage() {
  return MODULES.map((name) => readFileSync(new URL(`../../pkg/${name}.js`, import.meta.url), "utf8"));
}

/** The package, from the texts of its modules: a function that gives it to a realm with these globals. */
export async function packageOf(texts) {
  const { transform } = await import("esbuild");
  const options = { format: "iife", globalName: "module", target: "es2022", logLevel: "error" };
  const modules = await Promise.all(
    texts.map(async (text) => `(() => { ${(await transform(text, options)).code} return module; })()`),
  );
  const make = new Function(...NAMES, `return Object.assign({}, ${modules.join(", ")});`);
  return (globals) => make(...NAMES.map((name) => globals[name]));
}
