import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { endWithUs } from "../shared/processes.mjs";

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
  return enter(t, path, "echo ready && exec sleep infinity");
}

/** The same, and the folder is seen as from a virtual machine: through FUSE, by which no socket of this kernel is reached. */
export function anotherKernel(t, path) {
  return enter(t, path, '(until mountpoint -q "$1"; do sleep 0.02; done; echo ready) & exec bindfs -f "$1" "$1"');
}

/** A mount namespace that ends with the test. */
async function enter(t, path, script) {
  const boot = join(dirname(path), `boot-${randomUUID()}`);
  writeFileSync(boot, `${randomUUID()}\n`);
  const args = ["--mount", "sh", "-c", `mount --bind "$0" ${BOOT} && ${script}`, boot, path];
  const program = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
  endWithUs(program);
  t.after(() => program.kill("SIGKILL"));
  await once(program.stdout, "data");
  return { program, under: ["nsenter", `--mount=/proc/${program.pid}/ns/mnt`] };
}
