import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkProgram, checkRefusal, checkRequests, session } from "../checks.mjs";
import { modules, versionOf, work } from "../kit.mjs";
import { bundled } from "./bundlers.mjs";

const app = (name) => join(work, "app", name);
const forms = ["module.js", "require.cjs", "thread.js"];
const NODES = [20, 22, 24];

const nodeBinary = (major) => join(modules, `node-${major}`, "bin/node");
const missing = { result: "not tested: there is no binary for this machine" };

async function inEachForm(kit, command, args = []) {
  for (const form of forms) await checkProgram(kit, command, [...args, app(form)]);
}

const node = (major) => ({
  name: `Node ${major}: module, require, worker thread`,
  run: async (kit) => {
    if (!existsSync(nodeBinary(major))) return missing;
    await inEachForm(kit, nodeBinary(major));
    return { versions: `Node ${versionOf(`node-${major}`)}` };
  },
});

/** The binary that the package for this machine brings: nothing is downloaded, no script of a package runs. */
const binary = (path) => join(modules, path);
const { platform, arch } = process;
const deno = binary(`@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`);
const bun = binary(`@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`);

/** Cloudflare's runtime on Node 22, which its simulator wants: to what the worker answers. */
async function answerOfWorker(kit, compatibilityDate) {
  const server = await kit.server();
  const script = await bundled({
    entryPoints: [app("workerd.js")],
    format: "esm",
    conditions: ["workerd"],
    external: ["*.wasm"],
  });
  const options = { script, compatibilityDate, url: server.url };
  const runner = join(work, "app/miniflare.mjs");
  const printed = await kit.run(nodeBinary(22), [runner, JSON.stringify(options)]);
  return { server, result: JSON.parse(printed) };
}

export const runtimes = [
  {
    name: "this Node: module, require, worker thread",
    isQuick: true,
    run: async (kit) => {
      await inEachForm(kit, process.execPath);
      return { versions: `Node ${process.versions.node}` };
    },
  },
  ...NODES.map(node),
  {
    name: "Deno: module, require, worker thread",
    run: async (kit) => {
      if (!existsSync(deno)) return missing;
      const env = { DENO_DIR: join(work, "out/deno"), DENO_NO_UPDATE_CHECK: "1" };
      for (const form of forms) {
        await checkProgram(kit, deno, ["run", "--no-prompt", "--allow-net", "--allow-read", app(form)], { env });
      }
      return { versions: `Deno ${versionOf("deno")}` };
    },
  },
  {
    name: "Bun: module, require, worker thread",
    run: async (kit) => {
      if (!existsSync(bun)) return missing;
      await inEachForm(kit, bun, ["run"]);
      return { versions: `Bun ${versionOf("bun")}` };
    },
  },
  {
    name: "Cloudflare's workerd",
    run: async (kit) => {
      if (!existsSync(nodeBinary(22))) return missing;
      for (const date of ["2025-05-05", "2026-05-01"]) {
        const { server, result } = await answerOfWorker(kit, date);
        assert.deepEqual(result, session);
        checkRequests(server);
      }
      return { versions: `workerd ${versionOf("workerd")}` };
    },
  },
  {
    name: "workerd, compatibility date before 2025-05-05",
    run: async (kit) => {
      if (!existsSync(nodeBinary(22))) return missing;
      const { server, result } = await answerOfWorker(kit, "2025-05-04");
      checkRefusal(result, server, /FinalizationRegistry/);
      return { versions: `workerd ${versionOf("workerd")}`, result: "`unsupported`" };
    },
  },
];
