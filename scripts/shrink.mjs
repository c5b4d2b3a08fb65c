import { StepError } from "./steps.mjs";

/** Functions that may be traps, by name. */
const TRAPS = [
  // a panic is a trap whatever its text is, since nobody prints it, and nothing else formats text
  /\bpanicking::|::panic_\w+$|::handle_(alloc_)?error$|::capacity_overflow$|_alloc_error_handler$/,
  /^wasm_bindgen::(__rt::throw_null|throw_str|__wbindgen_throw)::/,
  /\bfmt::Formatter>::pad$|^<core\S* as core\S*::fmt::Display>::fmt$/,
  // what wasm-bindgen has read already
  /^wasm_bindgen::convert::closures::.*::invoke::\w+$/,
  // a feature (JavaScript Promise Integration) that is not in use
  /^js_sys::futures::jspi::(SpawnedTask|task_waker)\b/,
  // what js-sys asks for where there is no globalThis
  /^js_sys::global::get_global_object::GLOBAL::init\b/,
];

/** Makes traps of those functions. wasm-opt then drops what only they called. */
export function withoutPanics(module, binaryen) {
  const text = module.emitText();
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  const isGlue = (name) => name.includes("::invoke::") && new RegExp(`\\(call \\$"?${name}\\b`).test(text);
  if (functions.some(({ name }) => /\bfmt::write$/.test(name))) {
    throw new StepError("The core formats text, which scripts/shrink.mjs takes out together with the panics.");
  }
  for (const { name, base, params, results } of functions) {
    if (base || isGlue(name) || !TRAPS.some((pattern) => pattern.test(name))) continue;
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
}

/**
 * A module's text with its data as one segment, in which zeros stand for what `before`, the text with panics, refers to
 * and the module does not. The linker left each constant in a segment of its own, so it is dropped whole or not at all.
 */
export function withoutPanicData(text, before) {
  const segments = Array.from(
    before.matchAll(/^ \(data \S+ \(i32\.const (\d+)\) "(.*)"\)$/gm),
    ([, start, escaped]) => {
      const bytes = Buffer.from(
        escaped.replaceAll(/\\([\da-f]{2}|.)/g, (_, code) => unescaped(code)),
        "latin1",
      );
      return { start: Number(start), escaped, bytes };
    },
  );
  const isUsed = referencesOf(text, segments);
  const wasUsed = referencesOf(before, segments);
  let whole = "";
  let end = segments[0].start;
  for (const segment of segments) {
    const { start, escaped, bytes } = segment;
    const isDropped = wasUsed.has(segment) && !isUsed.has(segment);
    whole += "\\00".repeat(start - end) + (isDropped ? "\\00".repeat(bytes.length) : escaped);
    end = start + bytes.length;
  }
  const data = ` (data (i32.const ${segments[0].start}) "${whole}")\n`;
  return text.replaceAll(/^ \(data .*\n/gm, "").replace(/^ \(memory .*\n/m, (memory) => memory + data);
}

function unescaped(code) {
  return (
    { t: "\t", n: "\n", r: "\r" }[code] ?? (code.length === 2 ? String.fromCharCode(Number.parseInt(code, 16)) : code)
  );
}

/** The segments that the code points into, and those that these point into. */
function referencesOf(text, segments) {
  const found = new Set();
  const visit = (address) => {
    const segment = segments.find(({ start, bytes }) => address >= start && address < start + bytes.length);
    if (!segment || found.has(segment)) return;
    found.add(segment);
    for (let at = 0; at + 4 <= segment.bytes.length; at += 4) visit(segment.bytes.readUInt32LE(at));
  };
  const code = text.replaceAll(/^ \(data .*\n/gm, "");
  for (const [, address] of code.matchAll(/(?:i32\.const |offset=)(\d+)/g)) visit(Number(address));
  return found;
}
