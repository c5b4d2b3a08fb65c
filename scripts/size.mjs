import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { toAscii } from "./ascii.mjs";
import { build, bundle, wasmFile } from "./build.mjs";
import { parsed } from "./flags.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

/** Brotli bytes of everything a page downloads. The one place where the limit is written. */
const LIMIT = 24_000;
/** The same of a page that signs in by redirect, with the peer that this takes. */
const REDIRECT_LIMIT = LIMIT + 9_000;

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
  checkLimit("the bundle", whole, LIMIT);
  checkLimit("sign-in by redirect", await redirectJob(), REDIRECT_LIMIT);
}

function checkLimit(name, bytes, limit) {
  const total = brotli(bytes);
  const [shown, most, left] = [total, limit, limit - total].map((count) => count.toLocaleString("en"));
  console.log(`\n${name}: ${shown}, limit ${most}, left ${left}`);
  if (total > limit) throw new StepError(`${name} is ${total - limit} bytes too large (brotli).`);
}

/** Of what is in pkg/, with oauth4webapi. */
async function redirectJob() {
  const { build: esbuild } = await import("esbuild");
  const names = "completeSignIn, createClient, signInWithRedirect";
  const contents = `import { ${names} } from "./pkg/oauth.js"; globalThis.job = [${names}];`;
  const options = { bundle: true, minify: true, format: "esm", target: "es2022", write: false, logLevel: "warning" };
  const { outputFiles } = await esbuild({ stdin: { contents, resolveDir: root }, ...options });
  return outputFiles[0].contents;
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
