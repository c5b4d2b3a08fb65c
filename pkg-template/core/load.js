import { start } from "../../target/wasm/meshydb_client.js";
import { unsupported } from "./options.js";

export { Answer, Command, Engine, pageStorage } from "../../target/wasm/meshydb_client.js";

let isLoaded = false;

/** Compiles the core at first use, so that importing the package never fails. */
export function load(compile) {
  if (isLoaded) return;
  try {
    start(compile());
  } catch (cause) {
    const text = `this platform cannot run it (a page's CSP must allow 'wasm-unsafe-eval'): ${cause.message}`;
    throw Object.assign(unsupported(text), { cause });
  }
  isLoaded = true;
}
