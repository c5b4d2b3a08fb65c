import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileStore } from "../../pkg/node.js";
import { length } from "../shared/lengths.mjs";
import { stayAlive } from "../shared/waiting.mjs";
import { scratch } from "./file-store-holder.mjs";

const self = fileURLToPath(import.meta.url);
const key = "key";
const { writerKills: KILLS } = length;
const CHILDREN = 4;
/** Milliseconds of its counting within which a child is killed. */
const LIFE = 60;
const { signal } = new AbortController();

/** Counts until it is killed, every fourth time under the lock, and says each time that it has. */
async function countForever(path) {
  const store = fileStore(path);
  const count = async () => {
    for (;;) {
      const text = await store.read(key);
      if (await store.compareAndSet(key, text, String(Number(text) + 1))) break;
    }
  };
  for (let counted = 1; ; counted++) {
    await (counted % 4 === 0 ? store.lock(key, signal, count) : count());
    await new Promise((resolve) => process.send("counted", resolve));
  }
}

async function killOne(path, killed) {
  const child = fork(self, [path], { env: { ...process.env, COUNT_FOREVER: "1" } });
  const closed = once(child, "close");
  let counted = 0;
  child.on("message", () => {
    counted += 1;
  });
  await Promise.race([once(child, "message"), closed]);
  assert.equal(child.exitCode, null, "a writer that died by itself");
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LIFE));
  child.kill("SIGKILL");
  const [, how] = await closed;
  assert.equal(how, "SIGKILL");
  killed.push(counted);
}

if (process.env.COUNT_FOREVER) {
  stayAlive();
  await countForever(process.argv[2]);
} else {
  after(stayAlive());
  test(`${KILLS} writers that are killed lose nothing, leave little and keep no lock`, async (t) => {
    const path = await scratch(t);
    const store = fileStore(path);
    const killed = [];
    let started = 0;
    const generations = Array.from({ length: CHILDREN }, async () => {
      while (started < KILLS) {
        started += 1;
        await killOne(path, killed);
      }
    });
    await Promise.all(generations);

    const acknowledged = killed.reduce((sum, counted) => sum + counted, 0);
    const count = Number(await store.read(key));
    t.diagnostic(`${count} for ${acknowledged} that were heard of, ${killed.length} kills`);
    assert.equal(killed.length, KILLS);
    assert.ok(count >= acknowledged && count <= acknowledged + KILLS, `${count} for ${acknowledged}`);
    const [folder] = await readdir(path);
    const left = (await readdir(join(path, folder))).length;
    assert.ok(left <= 4 * CHILDREN, `${left} files`);

    assert.equal(await store.lock(key, signal, async () => "held"), "held");
    assert.equal(await store.compareAndSet(key, String(count), "end"), true);
    const files = (await readdir(join(path, folder))).map((name) =>
      name.replace(/-\d+/, "-N").replace(/[\da-f]{8}/, ""),
    );
    assert.deepEqual(files.sort(), ["lock-N", "session-N"]);
  });
}
