import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** A failure that a developer can do something about: the message says what. */
export class StepError extends Error {}

/** Runs a command from the repository's root; resolves to what it printed. Shows the output as it comes unless `quiet`. */
export function run(command, args, { quiet = false, env = {}, cwd = root, hint = "" } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [stream, shown] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
        if (!quiet) shown.write(text);
      });
    }
    child.on("error", (error) => {
      reject(new StepError(`${command} could not be started (${error.code}). ${hint}`));
    });
    child.on("close", (status, signal) => {
      if (status === 0) return resolve(output);
      const shown = quiet ? `\n${output}` : "";
      reject(new StepError(`${command} ${args.join(" ")} failed (${signal ?? `exit ${status}`}).${shown} ${hint}`));
    });
  });
}

/** Names a step, runs it and says how long it took. */
export async function step(name, work) {
  const start = performance.now();
  console.log(`\n▸ ${name}`);
  const result = await work();
  console.log(`  ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs a script's main function; a failure is printed without a stack where it needs none. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(`\n${error instanceof StepError ? error.message : error.stack}`);
    process.exitCode = 1;
  }
}
