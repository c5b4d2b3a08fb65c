import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** A failure that a developer can do something about: the message says what. */
export class StepError extends Error {
  output = "";
}

/** Runs a command from the repository's root; resolves to what it printed, and shows it as it comes unless `quiet`. */
export function run(command, args, { quiet = false, env = {}, hint = "", cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, CARGO_TARGET_DIR: join(root, "target"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
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
    const fail = (what) => {
      const text = [`${command} ${args.join(" ")} ${what}.`, quiet && output, hint].filter(Boolean).join("\n");
      reject(Object.assign(new StepError(text), { output }));
    };
    child.on("error", ({ code }) => fail(`could not be started (${code})`));
    child.on("close", (status, signal) => (status === 0 ? resolve(output) : fail(`failed (${signal ?? status})`)));
  });
}

/** Names a step, runs it and says how long it took. */
export async function step(name, work) {
  const start = performance.now();
  console.log(`\n▸ ${name}`);
  await work();
  console.log(`  ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
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
