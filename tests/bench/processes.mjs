import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { root } from "../../scripts/steps.mjs";
import { endWithUs } from "../shared/processes.mjs";
import { median } from "./samples.js";

export const bareProcess = "`node -e 0`";
export const ownProcess = "a program that takes its token from a file";
export const bareRequest = "one `fetch`, and nothing else";
export const commandOf = (name) => `\`meshy ${name}\``;
const COMMANDS = ["status", "token", "whoami"];
const AN_HOUR = 3_600;

/** Milliseconds from the start of a process to its end: of Node alone, of a program, and of the commands of examples/cli. */
export async function processes({ starts }) {
  const server = await startAuthorizationServer({ accessTokenLifetime: AN_HOUR });
  const folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  try {
    const env = { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), XDG_STATE_HOME: folder };
    const tool = await placeTool(folder, server.url);
    await run([tool, "login", "alice"], env, "wonderland");
    const asked = JSON.stringify({ url: server.url, folder: join(folder, "program") });
    const contenders = {
      [bareProcess]: ["-e", "0"],
      [bareRequest]: ["-e", `fetch("${server.url}/api/demo/me").then((answer) => answer.text())`],
      [ownProcess]: [join(import.meta.dirname, "programs/stored.mjs"), asked],
      ...Object.fromEntries(COMMANDS.map((name) => [commandOf(name), [tool, name]])),
    };
    const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let round = -1; round < starts; round += 1) {
      for (const [name, args] of Object.entries(contenders)) {
        const milliseconds = await run(args, env);
        if (round >= 0) samples[name].push(milliseconds);
      }
    }
    return Object.fromEntries(Object.entries(samples).map(([name, numbers]) => [name, median(numbers)]));
  } finally {
    await rm(folder, { recursive: true });
    await server.close();
  }
}

async function placeTool(folder, url) {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await symlink(join(root, "pkg"), join(modules, "meshydb-client"), "dir");
  await symlink(join(root, "node_modules/oauth4webapi"), join(modules, "oauth4webapi"), "dir");
  await cp(join(root, "examples/cli"), join(folder, "cli"), { recursive: true });
  const clientId = "demo-public-key";
  const profile = { issuer: `${url}/demo`, clientId, scope: "meshy.api offline_access", apiUrl: `${url}/api/demo` };
  await mkdir(join(folder, "config/meshy"), { recursive: true });
  await writeFile(join(folder, "config/meshy/profiles.json"), JSON.stringify({ default: profile }));
  return join(folder, "cli/meshy.mjs");
}

async function run(args, env, input = "") {
  const start = performance.now();
  const child = spawn(process.execPath, args, { env });
  endWithUs(child);
  child.stdin.end(input);
  const complaint = text(child.stderr);
  child.stdout.resume();
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${args[0]} failed (${code}):\n${await complaint}`);
  return performance.now() - start;
}
