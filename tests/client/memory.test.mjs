import assert from "node:assert/strict";
import { test } from "node:test";
import { runModule, watchInstance } from "../shared/processes.mjs";

const source = `
  ${watchInstance}
  const { initialize } = await import(${JSON.stringify(new URL("../../pkg/index.js", import.meta.url).href)});

  const COUNT = 2_000;
  let issued = 0;
  async function fetch() {
    issued += 1;
    const tokens = { access_token: "at-" + issued, token_type: "Bearer", expires_in: 3600, refresh_token: "rt-" + issued };
    return new Response(JSON.stringify(tokens), { headers: { "content-type": "application/json" } });
  }
  class Store {
    values = new Map();
    read(key) { return this.values.get(key) ?? null; }
    compareAndSet(key, expected, next) {
      if (this.read(key) !== expected) return false;
      this.values.set(key, next);
      return true;
    }
    watch(_key, changed) {
      this.changed = changed;
      return () => { stopped += 1; };
    }
  }
  let stopped = 0;
  let collected = {};
  const registry = new FinalizationRegistry((kind) => { collected[kind] += 1; });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  async function makeOne(persistence) {
    const client = await initialize("demo", "key", { fetch, persistence });
    client.subscribe(() => client.getSnapshot());
    const connection = await client.login("alice", "pw");
    connection.subscribe(() => connection.getSnapshot());
    const { signal } = new AbortController();
    const joined = await client.loginWithPersistance(connection.retrievePersistanceToken(), { signal });
    client.getSnapshot();
    registry.register(client, "clients");
    registry.register(connection, "connections");
    registry.register(joined, "connections");
  }

  // Stores outlive their clients, and hold what watches them. Half of the clients have one.
  const stores = [];
  async function batch() {
    collected = { clients: 0, connections: 0 };
    stopped = 0;
    const isAll = (made) => collected.clients >= made && collected.connections >= 2 * made && stopped >= made / 2;
    for (let made = 1; made <= COUNT; made += 1) {
      if (made % 2) stores.push(new Store());
      await makeOne(made % 2 ? stores.at(-1) : "none");
      if (made % 250) continue;
      for (let turns = 0; turns < 50 && !isAll(made); turns += 1) await collect();
      // What belonged to them in the wasm is let go of by finalizers, too.
      for (let turns = 0; turns < 3; turns += 1) await collect();
    }
    return { ...collected, stopped, pages: wasm.memory.buffer.byteLength / 65_536 };
  }
  async function collect() {
    gc();
    await turn();
    await turn();
  }
  console.log(JSON.stringify([await batch(), await batch(), await batch()]));
`;

test("clients that nobody holds are collected, and the wasm memory does not grow", async () => {
  const { code, stdout, stderr } = await runModule(source, { flags: ["--expose-gc"], timeout: 120_000 });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const batches = JSON.parse(stdout);
  for (const { clients, connections, stopped } of batches) {
    assert.ok(clients >= 1_800, `${clients} of 2,000 clients`);
    assert.ok(connections >= 3_600, `${connections} of 4,000 connections`);
    assert.ok(stopped >= 900, `${stopped} of 1,000 watchers`);
  }
  const [, second, third] = batches.map(({ pages }) => pages);
  assert.ok(second > 0);
  assert.equal(third, second);
});
