import compiled from "./meshydb-client.wasm";

/** The core for platforms that compile WebAssembly at deployment and never at run time. */
export function compile() {
  return compiled;
}
