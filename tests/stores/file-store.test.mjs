import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { storeTests } from "../../pkg/store-tests.js";
import { stayAlive } from "../shared/waiting.mjs";
import { inProcess, inWorker } from "./file-store-holder.mjs";

after(stayAlive());

const places = {
  "in one process": async (path) => fileStore(path),
  "in processes": inProcess,
  "in worker threads": inWorker,
};

for (const [where, open] of Object.entries(places)) {
  describe(`a file store ${where}`, () => {
    let folder;
    const holders = [];
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
      for (let count = 0; count < 5; count++) holders.push(await open(join(folder, "a/b")));
    });
    after(async () => {
      for (const holder of holders) await holder.kill?.();
      await rm(folder, { recursive: true });
    });

    let next = 0;
    for (const { name, run } of storeTests(() => holders[next++ % holders.length])) test(name, run);
  });
}

test("stores with one path are one, however it is written", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  t.after(() => rm(folder, { recursive: true }));
  await fileStore(join(folder, "a")).compareAndSet("key", null, "text");
  for (const path of [`${folder}/a/`, `${folder}//a`, `${folder}/b/../a`, relative(process.cwd(), join(folder, "a"))]) {
    assert.equal(await fileStore(path).read("key"), "text", path);
  }
});
