import { StepError } from "./steps.mjs";

/** A panic is a trap whatever its text is, since nobody prints it. Nothing else formats text. */
const PANICS = [
  /\bpanicking::|::panic_\w+$|::handle_(alloc_)?error$|::capacity_overflow$|_alloc_error_handler$/,
  /^wasm_bindgen::(__rt::throw_null|throw_str)::/,
  /\bfmt::Formatter>::pad$|^<core\S* as core\S*::fmt::Display>::fmt$/,
];

/** What wasm-bindgen loads before it traps, and nobody reads. */
const PANIC_TEXTS = /^(recursive use of an object |null pointer passed to rust$|js-sys-[\d.]+\/)/;

/** Never called by pointer. */
const UNUSED_POINTERS = [
  // what wasm-bindgen has read already
  /^wasm_bindgen::convert::closures::.*::invoke::\w+$/,
  // a feature (JavaScript Promise Integration) that is not in use
  /^js_sys::futures::jspi::task_waker\b/,
  // where js-sys looks for what is found below
  /^js_sys::global::get_global_object::\w+::init\b/,
];

/** What js-sys looks for in four places is `globalThis` on every platform that there is. */
const GLOBAL = /^js_sys::global::(get_global_object::)?h\w+$/;
const GLOBAL_THIS = /::GLOBAL_THIS::init::__wbg_static_accessor_\w+::\w+$/;

/** A module of which wasm-bindgen takes no table of references: an array of its glue's is smaller, and on every platform. */
export function withoutReferenceTypes(bytes) {
  const at = bytes.indexOf("+\x0freference-types");
  if (at < 0) throw new StepError("The compiled core does not say whether it uses reference types.");
  bytes.write("-", at);
  return bytes;
}

/** The first place of an array of values that is not undefined, null, true or false, or a borrowed one. */
export const FIRST_OWN = 1028;

/** Makes traps of panics and of pointers to what is not used. wasm-opt then drops what only they called. */
export function withoutPanics(module, binaryen) {
  const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  );
  if (functions.some(({ name }) => /\bfmt::write$/.test(name))) {
    throw new StepError("The core formats text, which scripts/shrink.mjs takes out together with the panics.");
  }
  const matches = (patterns, name) => patterns.some((pattern) => pattern.test(name));
  for (const { name, params, results } of functions.filter(({ name }) => matches(PANICS, name))) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  const [search, found] = [GLOBAL, GLOBAL_THIS].map((pattern) => functions.find(({ name }) => pattern.test(name)));
  module.removeFunction(search.name);
  module.addFunction(search.name, search.params, search.results, [], module.call(found.name, [], search.results));
  const { name: first, results: number } = functions.find(({ base }) => base === "__wbindgen_externref_statics_end");
  module.removeFunction(first);
  module.addFunction(first, binaryen.none, number, [], module.i32.const(FIRST_OWN));
  module.addFunction("trap", binaryen.none, binaryen.none, [], module.unreachable());
  const { name, table, offset, data } = binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(0));
  const pointers = data.map((name) => (matches([...PANICS, ...UNUSED_POINTERS], name) ? "trap" : name));
  module.removeElementSegment(name);
  module.addActiveElementSegment(table, name, pointers, offset);
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
    const isDropped = (wasUsed.has(segment) && !isUsed.has(segment)) || PANIC_TEXTS.test(bytes.toString("latin1"));
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

/** A module's text without the alignments that its code promises: engines read them as hints, and do without. */
export function unaligned(text) {
  return text.replaceAll(/ align=\d/g, "");
}

/** A module's text with like functions side by side, which compress better: of one signature, and of much the same length. */
export function sorted(text) {
  const [head, ...functions] = text.replace(/\)\n*$/, "").split(/(?=^ \(func )/m);
  const signature = (code) => code.slice(0, code.indexOf("\n")).replaceAll(/\$\S+/g, "");
  const keyed = functions.map((code) => [signature(code) + String(code.length).padStart(9), code]);
  const inOrder = keyed.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, code]) => code);
  return `${head}${inOrder.join("")})\n`;
}
