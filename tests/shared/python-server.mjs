import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { python } from "../../scripts/setup.mjs";
import { endWithUs } from "./processes.mjs";

/**
 * A server of tests/shared/python: it prints the port of 127.0.0.1 that it has chosen, and ends when its input does.
 * `answers` resolves to what it has answered so far, as `POST /path 200`.
 */
export async function startPythonServer(name, options) {
  const script = fileURLToPath(new URL(`python/${name}.py`, import.meta.url));
  const child = spawn(python, ["-B", script, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  endWithUs(child);
  const closed = once(child, "close");
  const ended = closed.then(() => {
    throw new Error(`${name} ended before it listened`);
  });
  const [port] = await Promise.race([once(child.stdout.setEncoding("utf8"), "data"), ended]);
  const url = `http://127.0.0.1:${port.trim()}`;
  const close = () => {
    child.stdin.end();
    return closed;
  };
  return { url, answers: async () => (await fetch(`${url}/answers`)).json(), close };
}
