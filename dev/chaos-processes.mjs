import { spawn } from "node:child_process";

export const isWindows = process.platform === "win32";
/** Milliseconds after which a process that has not ended is killed. */
const patience = 60_000;
const keptText = 2_000;
const running = new Set();
process.once("exit", () => {
  for (const signal of running) signal("SIGKILL");
});

/**
 * Starts a program in a group of its own, so that what it starts is struck with it. `signal` tells whether it was still there;
 * `ended` resolves to how it ended, and `isLate` if it was killed for being there for too long.
 */
export function start([program, ...args], options) {
  const begun = performance.now();
  const stdio = ["ignore", "ignore", "pipe"];
  const child = spawn(program, args, { ...options, stdio, detached: !isWindows, windowsHide: true });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr = (stderr + text).slice(-keptText);
  });
  const signal = (name) => running.has(signal) && send(child, name);
  running.add(signal);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = signal("SIGKILL");
  }, patience);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, name) => resolve({ code: code ?? name, isLate, stderr, ms: performance.now() - begun }));
  }).finally(() => {
    clearTimeout(timer);
    running.delete(signal);
    child.stderr.destroy();
  });
  return { signal, ended };
}

function send(child, name) {
  if (isWindows) return child.kill(name);
  try {
    return process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
    return false;
  }
}
