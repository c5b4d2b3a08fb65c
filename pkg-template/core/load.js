import { start } from "../../target/wasm/meshydb_client.js";
import { failure } from "./options.js";

export { Answer, Command, collected, Engine, pageStorage } from "../../target/wasm/meshydb_client.js";

let loading;

/** Compiles the core at first use, so that importing the package never fails. */
export function load(compile) {
  loading ??= start(compile).catch((cause) => {
    loading = undefined;
    const text = `there is no WebAssembly here (a page's CSP must allow 'wasm-unsafe-eval'): ${cause.message}`;
    throw failure("unsupported", text, { cause });
  });
  return loading;
}
