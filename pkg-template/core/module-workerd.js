import compiled from "./meshydb-client.wasm";

/** The core where nothing may be compiled while it runs, as a module that was compiled when the application was deployed. */
export function compile() {
  return compiled;
}
