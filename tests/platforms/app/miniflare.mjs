import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const { script, compatibilityDate, url } = JSON.parse(process.argv[2]);
const name = "meshydb-client.wasm";
const contents = readFileSync(new URL(`../node_modules/meshydb-client/${name}`, import.meta.url));
const worker = new Miniflare({
  host: "127.0.0.1",
  compatibilityDate,
  bindings: { AUTH_URL: url },
  modules: [
    { type: "ESModule", path: "worker.mjs", contents: script },
    { type: "CompiledWasm", path: name, contents },
  ],
});
const response = await worker.dispatchFetch("http://127.0.0.1/");
console.log(await response.text());
await worker.dispose();
