import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkProgram, checkRefusal, checkRequests, session } from "../checks.mjs";
import { modules, versionOf, work } from "../kit.mjs";
import { bundled } from "./bundlers.mjs";

const app = (name) => join(work, "app", name);
const forms = ["module.js", "require.cjs", "thread.js"];
const NODES = [20, 22, 24];

/** The binaries that packages bring for this machine: nothing else is downloaded, no script of a package runs. */
const { platform, arch } = process;
const nodeBinary = (major) => join(modules, `node-${major}`, "bin/node");
const deno = join(modules, `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`);
const bun = join(modules, `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`);

/** A row that needs a binary; where all of them are to be had, one that is missing fails. */
const withBinary = (name, binary, run) => ({
  name,
  run: async (kit) => {
    if (existsSync(binary)) return run(kit);
    assert.notEqual(`${platform} ${arch}`, "linux x64", `${binary} is missing`);
    return { result: "not tested: there is no binary for this machine" };
  },
});

async function inEachForm(kit, command, args = []) {
  for (const form of forms) await checkProgram(kit, command, [...args, app(form)]);
}

const node = (major) =>
  withBinary(`Node ${major}: module, require, worker thread`, nodeBinary(major), async (kit) => {
    await inEachForm(kit, nodeBinary(major));
    return { versions: `Node ${versionOf(`node-${major}`)}` };
  });

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
    standsIn: true,
    run: async (kit) => {
      await inEachForm(kit, process.execPath);
      return { versions: `Node ${process.versions.node}` };
    },
  },
  ...NODES.map(node),
  withBinary("Deno: module, require, worker thread", deno, async (kit) => {
    const env = { DENO_DIR: join(work, "out/deno"), DENO_NO_UPDATE_CHECK: "1" };
    const flags = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read"];
    for (const form of forms) await checkProgram(kit, deno, [...flags, app(form)], { env });
    return { versions: `Deno ${versionOf("deno")}` };
  }),
  withBinary("Bun: module, require, worker thread", bun, async (kit) => {
    await inEachForm(kit, bun, ["run"]);
    return { versions: `Bun ${versionOf("bun")}` };
  }),
  withBinary("Cloudflare's workerd", nodeBinary(22), async (kit) => {
    for (const date of ["2025-05-05", "2026-05-01"]) {
      const { server, result } = await answerOfWorker(kit, date);
      assert.deepEqual(result, session);
      checkRequests(server);
    }
    return { versions: `workerd ${versionOf("workerd")}` };
  }),
  withBinary("workerd, compatibility date before 2025-05-05", nodeBinary(22), async (kit) => {
    const { server, result } = await answerOfWorker(kit, "2025-05-04");
    checkRefusal(result, server, /FinalizationRegistry/);
    return { versions: `workerd ${versionOf("workerd")}`, result: "`unsupported`" };
  }),
];
