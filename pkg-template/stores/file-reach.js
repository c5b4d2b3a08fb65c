import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";

const LINUX_BOOT = "/proc/sys/kernel/random/boot_id";
const WINDOWS_GUID = ["query", "HKLM\\SOFTWARE\\Microsoft\\Cryptography", "/v", "MachineGuid"];

let known;

function output(program, args) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 500 }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

function kernel() {
  const { platform, env } = process;
  if (platform === "darwin") return output("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"]);
  if (platform !== "win32") return readFile(LINUX_BOOT, "utf8");
  const program = join(env.SystemRoot ?? "C:\\Windows", "System32", "reg.exe");
  return output(program, WINDOWS_GUID).then((text) => hostname() + text);
}

/**
 * Names those among whom a lock in a folder reaches: the processes of one kernel, from its boot on, that have the folder of one
 * file system. A copy of the folder is another, and so is what another kernel sees of it. Undefined where the kernel cannot be told.
 */
export async function reachOf({ dev, ino }) {
  known ??= kernel().catch(() => {});
  const name = (await known)?.trim();
  return name && createHash("sha256").update(`${name} ${dev} ${ino}`).digest("hex").slice(0, 24);
}
