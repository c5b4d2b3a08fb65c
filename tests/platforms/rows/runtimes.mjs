import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { RedisServer } from "../../shared/redis-server.mjs";
import { checkProgram, checkRefusal, checkRequests, session } from "../checks.mjs";
import { modules, versionOf, work } from "../kit.mjs";
import { bundled } from "./bundlers.mjs";

const app = (name) => join(work, "app", name);
const forms = ["module.js", "require.cjs", "thread.js"];
const NODES = ["20.0.0", "20", "22", "24"];

/** The binaries that packages bring for this machine: nothing else is downloaded, no script of a package runs. */
const { platform, arch } = process;
const nodeBinary = (name) => join(modules, `node-${name}`, "bin/node");
const deno = join(modules, `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`);
const bun = join(modules, `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`);

const denoArgs = ["run", "--no-prompt", "--allow-read"];
const denoOptions = {
  args: [...denoArgs, "--allow-net=127.0.0.1"],
  storeArgs: [...denoArgs, "--allow-net", "--allow-write", "--allow-env", "--allow-sys"],
  env: { DENO_DIR: join(work, "out/deno"), DENO_NO_UPDATE_CHECK: "1" },
};

/** A row that needs a binary; where all of them are to be had, one that is missing fails. */
const withBinary = (name, binary, run) => ({
  name,
  run: async (kit) => {
    if (existsSync(binary)) return run(kit);
    assert.notEqual(`${platform} ${arch}`, "linux x64", `${binary} is missing`);
    return { result: "not tested: there is no binary for this machine" };
  },
});

async function inEachForm(kit, command, args = [], options = {}) {
  for (const form of forms) await checkProgram(kit, command, [...args, app(form)], options);
}

/** The stores that are made for servers; the program ends although its client watches them. */
async function inEachStore(kit, command, args = [], options = {}) {
  const redis = await RedisServer.start();
  kit.after(() => redis.remove());
  const folder = mkdtempSync(join(work, "stored-"));
  for (const [kind, path] of Object.entries({ file: join(folder, "sessions"), redis: redis.path })) {
    await checkProgram(kit, command, [...args, app("stored.js"), kind, path], { ...options, storage: "ok" });
  }
}

/** The rows of a runtime; with `storeArgs` it may do what a store needs. */
const runtime = (name, binary, version, { args, storeArgs = args, env } = {}) => {
  const row = (what, check) =>
    withBinary(`${name}: ${what}`, binary, async (kit) => {
      await check(kit);
      return { versions: version() };
    });
  return [
    row("module, require, worker thread", (kit) => inEachForm(kit, binary, args, { env })),
    row("fileStore, redisStore", (kit) => inEachStore(kit, binary, storeArgs, { env })),
  ];
};

const node = (name) =>
  runtime(`Node ${name}`, nodeBinary(name), () => `Node ${versionOf(`node-${name}`).replace("v", "")}`);

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
  ...runtime("this Node", process.execPath, () => `Node ${process.versions.node}`).map((row) => ({
    ...row,
    isQuick: true,
    standsIn: true,
  })),
  ...NODES.flatMap(node),
  ...runtime("Deno", deno, () => `Deno ${versionOf("deno")}`, denoOptions),
  ...runtime("Bun", bun, () => `Bun ${versionOf("bun")}`, { args: ["run"] }),
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
