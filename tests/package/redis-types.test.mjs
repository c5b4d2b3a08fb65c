import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { installPackage } from "../shared/installed.mjs";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const versions = { redis5: "redis-5", redis6: "redis" };

// Where the redis package is not installed. What must not compile says so.
const alone = `
import { initialize, type SessionStore } from "meshydb-client";
import { type RedisLike, type RedisLine, type RedisStoreOptions, redisStore } from "meshydb-client/redis";

declare const client: RedisLike;
const store: SessionStore = redisStore(client);
const prefixed = redisStore(client, { prefix: "app:" });
const options: RedisStoreOptions = { ttl: 3_600 };
const line: RedisLine = { send: async (args) => args.join(), subscribe: (channel, heard) => () => console.log(channel, heard) };
const others: SessionStore[] = [redisStore(client, options), redisStore(line, options), redisStore({ send: async () => 1 })];
const stop: () => void = prefixed.watch("key", () => {});
const promise = initialize("demo", "key", { persistence: store });
// @ts-expect-error
redisStore();
// @ts-expect-error
redisStore({});
// @ts-expect-error
redisStore(client, { prefix: 5 });
// @ts-expect-error
redisStore(client, { Prefix: "app:" });
// @ts-expect-error
redisStore(client, { ttl: "60" });
// @ts-expect-error
redisStore({ subscribe: () => () => {} });
console.log(stop, promise, others);
`;

const withRedis = (name) => `
import { initialize } from "meshydb-client";
import { redisStore } from "meshydb-client/redis";
import { createClient, createClientPool, createCluster, createSentinel } from "${name}";

const client = createClient({ url: "redis://localhost" });
redisStore(client);
redisStore(createClient({ RESP: 2 }), { prefix: "app:" });
redisStore(createClient({ RESP: 3 }));
redisStore(createClient({ commandOptions: { typeMapping: { 36: Buffer } } }));
redisStore(createClient({ scripts: {}, functions: {}, modules: {} }));
export const promise = client.connect().then((connected) => initialize("demo", "key", { persistence: redisStore(connected) }));
// @ts-expect-error
redisStore(createCluster({ rootNodes: [] }));
// @ts-expect-error
redisStore(createSentinel({ name: "a", sentinelRootNodes: [] }));
// @ts-expect-error
redisStore(createClientPool());
`;

let pack;
before(async () => {
  pack = await installPackage();
  for (const ending of ["mts", "cts"]) await writeFile(join(pack.folder, `alone.${ending}`), alone);
  for (const [name, folder] of Object.entries(versions)) {
    await symlink(join(modules, folder), join(pack.folder, "node_modules", name), "dir");
    for (const ending of ["mts", "cts"]) await writeFile(join(pack.folder, `${name}.${ending}`), withRedis(name));
  }
});
after(() => pack.remove());

for (const [what, names, options] of [
  ["without the redis package, nor Node's types", ["alone"], { types: [], skipLibCheck: false }],
  ["of redis 5 and 6 with their clients", Object.keys(versions), { types: ["node"], skipLibCheck: true }],
]) {
  test(`the types ${what}`, () => {
    const rootNames = names.flatMap((name) => [`${name}.mts`, `${name}.cts`]).map((file) => join(pack.folder, file));
    const program = ts.createProgram({
      rootNames,
      options: {
        ...options,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        typeRoots: [join(modules, "@types")],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        target: ts.ScriptTarget.ES2022,
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      },
    });
    const diagnostics = ts.getPreEmitDiagnostics(program);
    assert.equal(ts.formatDiagnostics(diagnostics, plain), "");
    const isInstalled = program.getSourceFiles().some(({ fileName }) => fileName.includes("/@redis/client/"));
    assert.equal(isInstalled, !names.includes("alone"));
  });
}

const plain = {
  getCurrentDirectory: () => pack.folder,
  getCanonicalFileName: (file) => file,
  getNewLine: () => "\n",
};
