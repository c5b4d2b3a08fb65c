import { FIRST_OWN } from "./shrink.mjs";

/** Bodies of the glue's helpers that do without caches, and without a second way to start. */
const HELPERS = {
  getDataViewMemory0: "return new DataView(wasm.memory.buffer);",
  getUint8ArrayMemory0: "return new Uint8Array(wasm.memory.buffer);",
  getStringFromWasm0: `
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(getUint8ArrayMemory0().subarray(ptr, ptr + len));`,
  passStringToWasm0: `
    const bytes = new TextEncoder().encode(arg);
    WASM_VECTOR_LEN = bytes.length;
    const ptr = malloc(WASM_VECTOR_LEN, 1);
    getUint8ArrayMemory0().set(bytes, ptr);
    return ptr;`,
  addHeapObject: `
    const idx = vacant.pop() ?? heap.length;
    heap[idx] = obj;
    return idx;`,
  takeObject: `
    const ret = heap[idx];
    if (idx >= ${FIRST_OWN}) {
      heap[idx] = undefined;
      vacant.push(idx);
    }
    return ret;`,
  makeMutClosure: `
    let count = 1;
    const real = (arg) => {
      count++;
      f(arg0, arg1, arg);
      real._wbg_cb_unref();
    };
    real._wbg_cb_unref = () => {
      if (!--count) wasm.__wbindgen_destroy_closure(arg0, arg1);
    };
    return real;`,
};

/**
 * What the glue does to tell a value's type, without the values that nobody reads. What is longer than anything that the core
 * takes is no text: its memory would never be given back, or not suffice.
 */
const READS = {
  number: `
            const obj = heap[arg1];
            const isNumber = typeof obj === 'number';
            getDataViewMemory0().setFloat64(arg0 + 8, isNumber ? obj : 0, true);
            getDataViewMemory0().setInt32(arg0, isNumber, true);`,
  string: `
            const obj = heap[arg1];
            const ptr = typeof obj === 'string' && obj.length < 1e6 ? passStringToWasm0(obj, wasm.__wbindgen_malloc) : 0;
            getDataViewMemory0().setInt32(arg0 + 4, WASM_VECTOR_LEN, true);
            getDataViewMemory0().setInt32(arg0, ptr, true);`,
};

const START = `
const heap = [...Array(${FIRST_OWN - 3}), null, true, false];
const vacant = [];
/** Calls the function that came with what has been garbage-collected. */
export let collected;

export async function start(module) {
  wasm = (await WebAssembly.instantiate(await module(), __wbg_get_imports())).exports;
  collected = new FinalizationRegistry((free) => free());
}
`;

/**
 * What is not used any more is collected, not freed by hand; a class has one caller; a closure is dropped by the core, whose
 * promises all settle, and never fails; an enum is TypeScript's, whose members esbuild makes constants of.
 */
export function simplified(glue) {
  return Object.entries(HELPERS)
    .reduce((text, [name, body]) => {
      const helper = new RegExp(`(?<=^function ${name}\\(.*\\) \\{)[\\s\\S]*?(?=^\\})`, "m");
      return text.replace(helper, () => `\n    ${body.trim()}\n`);
    }, glue)
    .replaceAll(/^ {4}(__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, "")
    .replaceAll(/^if \(Symbol\.dispose\).*\n/gm, "")
    .replaceAll(/^ +_assertClass\(.*\n/gm, "")
    .replaceAll(
      /^ {12}const obj = getObject\(arg1\);\n {12}const ret = typeof\(obj\) === '(\w+)'[\s\S]*?(?=\n {8}\},$)/gm,
      (_, type) => READS[type].slice(1),
    )
    .replaceAll(/^const (CLOSURE_DTORS|EngineFinalization) = [\s\S]*?;\n/gm, "")
    .replace(/^export const (\w+) = Object\.freeze\(\{\n([\s\S]*?)^\}\);/gm, (_, name, members) => {
      return `export enum ${name} {\n${members.replaceAll(/: (\d+), "\d+": "\w+",$/gm, " = $1,")}}`;
    })
    .replaceAll(/^(let |const )?cached(TextDecoder|TextEncoder)\b.*\n/gm, "")
    .replaceAll(", wasm.__wbindgen_realloc)", ")")
    .replaceAll(/^( {8}\w+: )function\(\) \{ return handleError\(function \((.*)\) \{$/gm, "$1($2) => {")
    .replaceAll(/^ {8}\}, arguments\); \},$/gm, "        },")
    .replaceAll(/^ +let result;\n +try \{\n +result = (.*);\n[\s\S]*?^ +return ret;$/gm, "            return $1;")
    .replaceAll(/^( {8}\w+: )function(\(.*\)) \{$/gm, "$1$2 => {")
    .replace(/^ +const ret = typeof globalThis === .*\n.*$/m, "            return addHeapObject(globalThis);")
    .replaceAll("isLikeNone(ret) ? 0 : addHeapObject(ret)", "addHeapObject(ret)")
    .replace(/^function getObject\(.*\n/m, "")
    .replace(/^import .*\n/m, "")
    .replace(/^ +".*": import1,\n/m, "")
    .replaceAll(/\bgetObject\((\w+)\)/g, "heap[$1]")
    .replace(/^let heap = [\s\S]*?^let heap_next = .*\n/m, "")
    .replaceAll("new Array()", "[]")
    .replaceAll(/^ +const val\d = \+\w+;\n/gm, "")
    .replace("val1, addHeapObject(port), val2", "command, addHeapObject(port), caller")
    .replaceAll(/const ret = (.*);\n +return addHeapObject\(ret\);/g, "return addHeapObject($1);")
    .replaceAll(" >>> 0", "")
    .replaceAll(", this.__wbg_ptr, this)", ", this.__wbg_ptr)")
    .replace(/const ret = (wasm\.engine_new\(.*\));\n +this.__wbg_ptr = ret;/, "this.__wbg_ptr = $1;")
    .replaceAll(/^ +(__proto__: null,|return this;)\n/gm, "")
    .replace(
      "EngineFinalization.register(this, this.__wbg_ptr",
      "const ptr = this.__wbg_ptr;\n        collected.register(this, () => wasm.__wbg_engine_free(ptr, 1)",
    )
    .replace(/^ {4}const ret = (.*;)\n {4}if \(ret\[1\]\) \{[\s\S]*?^ {4}\}$/m, "    $1")
    .replaceAll(/^function (handleError|takeFromExternrefTable0)\(.*\) \{\n[\s\S]*?^\}\n/gm, "")
    .concat(START);
}

/**
 * wasm-bindgen gives imports and exports names with a hash in them: two kilobytes that no compression can take out.
 * Here the glue and the module's text agree on short names instead, and on what each uses of the other.
 */
export function shortenNames(text, glue) {
  const found = (pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))];
  const [module] = found(/\(import "([^"]+)"/g);
  text = text.replaceAll(`"${module}"`, '"0"');
  glue = glue.replaceAll(`\n        "${module}":`, '\n        "0":');
  text = text.replaceAll(/^ \(export "(\w+)".*\n/gm, (line, name) => (glue.includes(`wasm.${name}`) ? line : ""));
  const names = [...found(/\(import "0" "(__wb[^"]+)"/g), ...found(/\(export "((?:_|engine|settings|wasm_)[^"]+)"/g)];
  for (const [index, name] of names.entries()) {
    const short = (index + 10).toString(36).replace(/^\d/, (digit) => "abcdefghij"[digit]);
    text = text.replaceAll(`"${name}"`, `"${short}"`);
    glue = glue.replaceAll(new RegExp(`(?<=wasm\\.|^ +)${name}\\b`, "gm"), short);
  }
  return { text, glue: glue.replaceAll(/^ {8}__wb\w+: [\s\S]*?^ {8}\}\)?,\n/gm, "") };
}
