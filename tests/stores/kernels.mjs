import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { endWithUs, run } from "../shared/processes.mjs";

const BOOT = "/proc/sys/kernel/random/boot_id";

/** Why none can be played here, or nothing. */
export function noKernels() {
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "pipe" });
  } catch {
    return "no mount namespace can be made here";
  }
  try {
    execFileSync("bindfs", ["--version"], { stdio: "pipe" });
  } catch {
    return "there is no bindfs, through which a folder is seen as by another kernel";
  }
}

/** Where another boot's name is read. `under` is what runs programs there. */
export function anotherBoot(t, path) {
  return enter(t, path, "exec sleep infinity", "[ $(cat $1) = $(cat $3) ]");
}

/** The same, and the folder is seen as from a virtual machine: through FUSE, by which no socket of this kernel is reached. */
export function anotherKernel(t, path) {
  return enter(t, path, 'exec bindfs -f "$2" "$2"', 'mountpoint -q "$2"');
}

/** Ends with the test. `isReady` is the shell's for when it may be used. */
async function enter(t, path, what, isReady) {
  const boot = join(dirname(path), `boot-${randomUUID()}`);
  writeFileSync(boot, `${randomUUID()}\n`);
  const args = ["sh", boot, path, BOOT];
  const script = `mount --bind "$1" "$3" && ${what}`;
  const program = spawn("unshare", ["--mount", "sh", "-c", script, ...args], { stdio: "inherit" });
  endWithUs(program);
  t.after(() => program.kill("SIGKILL"));
  const under = ["nsenter", `--mount=/proc/${program.pid}/ns/mnt`];
  const ready = await run(under[0], [under[1], "sh", "-c", `until ${isReady}; do sleep 0.02; done`, ...args]);
  assert.equal(ready.code, 0, ready.stderr);
  return { program, under };
}
