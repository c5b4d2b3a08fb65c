/** Bodies of the glue's helpers that do without caches, and without a second way to start. */
const HELPERS = {
  getDataViewMemory0: "return new DataView(wasm.memory.buffer);",
  getUint8ArrayMemory0: "return new Uint8Array(wasm.memory.buffer);",
  decodeText: "return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);",
  passStringToWasm0: `
    const bytes = new TextEncoder().encode(arg);
    WASM_VECTOR_LEN = bytes.length;
    const ptr = malloc(WASM_VECTOR_LEN, 1) >>> 0;
    getUint8ArrayMemory0().set(bytes, ptr);
    return ptr;`,
  handleError: `
    return (...args) => {
      try {
        return f(...args);
      } catch (e) {
        wasm.__wbindgen_exn_store(addToExternrefTable0(e));
      }
    };`,
};

const START = `
export function start(module) {
  wasm = new WebAssembly.Instance(module, __wbg_get_imports()).exports;
  wasm.__wbindgen_start();
}
`;

/** Nobody frees by hand, what is not used any more is collected; a class has one caller; enums are looked up one way. */
export function simplified(glue) {
  return Object.entries(HELPERS)
    .reduce((text, [name, body]) => {
      const helper = new RegExp(`(?<=^function ${name}\\(.*\\) \\{)[\\s\\S]*?(?=^\\})`, "m");
      return text.replace(helper, () => `\n    ${body.trim()}\n`);
    }, glue)
    .replaceAll(/^ {4}(__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, "")
    .replaceAll(/^if \(Symbol\.dispose\).*\n/gm, "")
    .replaceAll(/^ +_assertClass\(.*\n/gm, "")
    .replaceAll(/^(let |const )?cached(TextDecoder|TextEncoder)\b.*\n/gm, "")
    .replaceAll(", wasm.__wbindgen_realloc)", ")")
    .replaceAll(/^( +\w+: \d+), "\d+": "\w+",$/gm, "$1,")
    .replaceAll(/^( {8}\w+: )function\(\) \{ return (handleError\()function \((.*)\) \{$/gm, "$1$2($3) => {")
    .replaceAll(/^ {8}\}, arguments\); \},$/gm, "        }),")
    .replaceAll(/^( {8}\w+: )function(\(.*\)) \{$/gm, "$1$2 => {")
    .concat(START);
}

/**
 * wasm-bindgen gives imports and exports names with a hash in them: two kilobytes that no compression can take out.
 * Here the glue and the module's text agree on short names instead, and on what each uses of the other.
 */
export function shortenNames(text, glue) {
  const found = (pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))];
  const modules = found(/\(import "([^"]+)"/g);
  const own = modules.findIndex((name) => name.includes("/snippets/"));
  for (const [index, name] of modules.entries()) {
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
  const direct = found(new RegExp(`\\(import "${own}" "([^"]+)"`, "g")).join(", ");
  glue = glue
    .replaceAll(/^ {8}__wb\w+: [\s\S]*?^ {8}\}\)?,\n/gm, "")
    .replace(/^import \* as import\d from/m, `import { ${direct} } from`)
    .replaceAll(/^import \* as import\d from .*\n/gm, "")
    .replace(/import[1-9](?=,$)/m, `{ ${direct} }`)
    .replaceAll(/^\s+"\d": import[1-9],\n/gm, "");
  return { text, glue };
}
