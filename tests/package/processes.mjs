import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

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

/** Runs the text of an ES module. */
export function runModule(source, { flags = [], ...options } = {}) {
  return run(process.execPath, [...flags, "--input-type=module", "--eval", source], options);
}
