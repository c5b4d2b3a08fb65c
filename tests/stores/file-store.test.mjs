import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { storeTests } from "../../pkg/store-tests.js";
import { stayAlive } from "../shared/waiting.mjs";
import { inProcess, inWorker } from "./file-store-holder.mjs";

after(stayAlive());

const inOneProcess = async (path) => fileStore(path);
const places = {
  "in one process": inOneProcess,
  "in processes": inProcess,
  "in worker threads": inWorker,
};

for (const [where, open] of Object.entries(places)) {
  describe(`a file store ${where}`, () => {
    let folder;
    const holders = [];
    const addHolder = async () => holders.push(await open(join(folder, "a/b")));
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
      for (let count = 0; count < 5; count++) await addHolder();
    });
    after(async () => {
      for (const holder of holders) await holder.kill?.();
      await rm(folder, { recursive: true });
    });

    const fail = async () => {
      await chmod(join(folder, "a/b"), 0o755);
      return () => chmod(join(folder, "a/b"), 0o700);
    };
    const kill = async (holder) => {
      holders.splice(holders.indexOf(holder), 1);
      await holder.kill();
      await addHolder();
    };
    const options = open === inOneProcess ? { fail } : { hold: 200, fail, kill };
    let next = 0;
    for (const { name, run } of storeTests(() => holders[next++ % holders.length], options)) test(name, run);
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
