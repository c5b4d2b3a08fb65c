const PAGE = 65_536;
const { instantiate } = WebAssembly;
let memory;

/** To be imported before the package is used. Node's own `fetch` has a module, too. */
WebAssembly.instantiate = async (...given) => {
  const instance = await instantiate(...given);
  memory ??= instance.exports.memory;
  return instance;
};

/** Pages of the package's WebAssembly memory. */
export function pages() {
  return memory.buffer.byteLength / PAGE;
}

/** Bytes of the heap that are in use, once nothing more can be collected. */
export async function heap() {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
