/** Before a program: what `fileStore` meets in Windows, of which it has the names of pipes and who is asked for the machine's. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { dirname, join } from "node:path";

const PIPES = "\\\\.\\pipe\\";

/** In Linux an abstract name of a socket is as a pipe's: one listens at a time, and the name is free when its process is gone. */
const named = (path) => {
  if (!path.startsWith(PIPES)) throw new Error(`${path} is no pipe`);
  return `\0${path.slice(PIPES.length)}`;
};

if (process.env.SystemRoot) {
  const { connect } = net;
  const { listen } = net.Server.prototype;
  net.connect = (path) => connect(named(path));
  net.Server.prototype.listen = function ({ path, ...options }) {
    return listen.call(this, { path: named(path), ...options });
  };
  syncBuiltinESMExports();
  Object.defineProperty(process, "platform", { value: "win32" });
  process.getuid = undefined;
}

/** Runs a program as in Windows on a machine that has that name for itself. */
export function inWindows(path, guid) {
  const root = join(dirname(path), guid);
  mkdirSync(join(root, "System32"), { recursive: true });
  const program = join(root, "System32", "reg.exe");
  writeFileSync(
    program,
    `#!/bin/sh\n[ "$1 $3 $4" = "query /v MachineGuid" ] && echo '    MachineGuid    REG_SZ    ${guid}'\n`,
  );
  chmodSync(program, 0o755);
  return ["env", `SystemRoot=${root}`, `NODE_OPTIONS=--import=${import.meta.url}`];
}
