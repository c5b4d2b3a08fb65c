const PAGE = 65_536;
let memory;

/** To be imported before the package is used. */
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(...args) {
    super(...args);
    memory = this.exports.memory;
  }
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
