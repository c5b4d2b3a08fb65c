import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends a child with this process, also when that ends in the middle of something. */
export function endWithUs(child) {
  running.add(child);
  child.on("close", () => running.delete(child));
}

/** Whether such a child is still there. */
export function isRunning(child) {
  return running.has(child);
}

/** Runs a program to its end; one that does not come to an end by itself is killed, and has no code. */
export async function run(command, args, { cwd, env = {}, timeout = 30_000 } = {}) {
  const options = { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], timeout };
  const child = spawn(command, args, options);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve, reject) => child.on("error", reject).on("close", resolve)),
  ]);
  return { code, stdout, stderr };
}

/** Before a module's text imports the package: `wasm` is then what the first WebAssembly module exports. Node's own `fetch` has one, too. */
export const watchInstance = `
  let wasm;
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const instance = await instantiate(...given);
    wasm ??= instance.exports;
    return instance;
  };
`;

/** Runs the text of an ES module. */
export function runModule(source, { flags = [], ...options } = {}) {
  return run(process.execPath, [...flags, "--input-type=module", "--eval", source], options);
}
