#!/usr/bin/env node
import process from "node:process";
import { help, readArguments } from "./arguments.mjs";
import { complain, Failure, outliveReaders, say } from "./output.mjs";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const args = process.argv.slice(2);
const isJson = args.includes("--json");
const controller = new AbortController();
/** The profile, and its client once there is one. */
let opened;

/** Rejects at the first signal; a second one ends the process. */
const interrupted = new Promise((_, reject) => {
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.once(name, () => {
      reject(new Failure("it ends once what is under way is stored; the same signal again ends it at once", exitCode));
      controller.abort();
      process.exitCode = exitCode;
    });
  }
});

async function main() {
  const { command, operands, profile, options } = readArguments(args, process.env);
  if (command === "help") return say({ text: help() });
  if (command === "completion") {
    const { completion } = await import("./completions.mjs");
    return say({ text: completion(operands[0]) });
  }
  const [{ readProfile }, { openClient }, { run }] = await Promise.all([
    import("./profiles.mjs"),
    import("./session.mjs"),
    import("./commands.mjs"),
  ]);
  const { server, folder } = await readProfile(profile);
  opened = { profile, server, folder };
  opened.client = await openClient(opened);
  const result = await run[command]({ ...opened, operands, options, signal: controller.signal });
  if (result) say(result, options.json);
}

outliveReaders();
try {
  await Promise.race([main(), interrupted]);
} catch (error) {
  if (error.code !== "EPIPE") process.exitCode = complain(error, isJson, opened);
}
await opened?.client?.[Symbol.asyncDispose]();
if (controller.signal.aborted) process.exit();
