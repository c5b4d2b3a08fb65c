import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { installPackage } from "../shared/installed.mjs";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

// What must not compile says so.
const uses = `
import type { ClientPromise, ClientSnapshot, MeshyClient, MeshyConnection, SessionSnapshot } from "meshydb-client";
import { autoRefresh } from "meshydb-client/auto-refresh";
import * as react from "meshydb-client/react";
import { snapshotOf } from "meshydb-client/svelte";
import * as vue from "meshydb-client/vue";
import { ref } from "vue";

declare const client: MeshyClient;
declare const opening: ClientPromise;
declare const connection: MeshyConnection | null;

export const hooks: [ClientSnapshot, ClientSnapshot, ClientSnapshot, SessionSnapshot | null] = [
  react.useClient(client),
  react.useClient(opening),
  react.useClient(undefined),
  react.useConnection(connection),
];
export const refs: [boolean, number | undefined] = [
  vue.useClient(() => client).value.ready || vue.useClient(opening).value.ready || vue.useClient(ref(opening)).value.ready,
  vue.useConnection(ref(connection)).value?.generation,
];
export const stores: (() => void)[] = [
  snapshotOf(client).subscribe(({ ready }: ClientSnapshot) => console.log(ready)),
  snapshotOf(opening).subscribe(({ ready }: ClientSnapshot) => console.log(ready)),
  snapshotOf(connection!).subscribe(({ generation }: SessionSnapshot) => console.log(generation)),
  snapshotOf(connection).subscribe((session) => console.log(session?.generation)),
  snapshotOf(null).subscribe((nothing) => console.log(nothing?.ready)),
];
export const ends: (() => void)[] = [autoRefresh(client), autoRefresh(opening)];
// @ts-expect-error
autoRefresh(connection);
// @ts-expect-error
react.useClient();
// @ts-expect-error
react.useConnection(client);
// @ts-expect-error
vue.useClient(client).value = null;
// @ts-expect-error
snapshotOf(connection).subscribe(({ generation }) => console.log(generation));
// @ts-expect-error
react.useConnection(opening);
`;

let pack;
before(async () => {
  pack = await installPackage();
  for (const ending of ["mts", "cts"]) await writeFile(join(pack.folder, `uses.${ending}`), uses);
  for (const name of ["vue", "@vue"])
    await symlink(join(modules, name), join(pack.folder, "node_modules", name), "dir");
});
after(() => pack.remove());

const { ESNext, NodeNext } = ts.ModuleKind;
for (const [name, options] of Object.entries({
  nodenext: { module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  bundler: { module: ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
})) {
  test(`the types of the bindings are found and accepted by ${name}`, () => {
    const files = name === "bundler" ? ["uses.mts"] : ["uses.mts", "uses.cts"];
    const program = ts.createProgram({
      rootNames: files.map((file) => join(pack.folder, file)),
      options: {
        ...options,
        target: ts.ScriptTarget.ES2022,
        types: [],
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      },
    });
    const sources = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(pack.folder));
    const diagnostics = sources
      .filter(({ fileName }) => !/node_modules\/@?vue\//.test(fileName))
      .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]);
    const plain = {
      getCurrentDirectory: () => pack.folder,
      getCanonicalFileName: (file) => file,
      getNewLine: () => "\n",
    };
    assert.equal(ts.formatDiagnostics(diagnostics, plain), "");
  });
}
