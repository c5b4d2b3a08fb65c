import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { storeTests } from "../../pkg/store-tests.js";
import { expired, server, start } from "../shared/client.mjs";
import { startPostgres } from "./postgres-server.mjs";

const document = await readFile(new URL("../../docs/stores.md", import.meta.url), "utf8");
const [, table] = document.match(/^```sql\n(.*?)^```$/ms);
const code = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);
const source = code.find((text) => text.includes("export function postgresStore"));
const { postgresStore } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

let postgres;
let pools;
before(async () => {
  postgres = await startPostgres();
  pools = Array.from({ length: 5 }, () => postgres.pool({ max: 2 }));
  await pools[0].query(table);
});
after(() => postgres.remove());

/** Each holder has a pool, or one that reaches nobody while it is down. */
const lines = new Map();
let opened = 0;
function open() {
  opened += 1;
  const line = { pool: pools[opened % pools.length] };
  const store = postgresStore({ query: (...args) => line.pool.query(...args) });
  lines.set(store, line);
  return store;
}

function fail(store) {
  const line = lines.get(store);
  const { pool } = line;
  line.pool = postgres.pool({ host: "/nowhere" });
  return () => {
    line.pool = pool;
  };
}

describe("the store of docs/stores.md in PostgreSQL", { timeout: 60_000 }, () => {
  for (const { name, run } of storeTests(open, { fail })) test(name, run);

  test("lets one win of all who write, or remove, what they expect at the same time", async () => {
    const holders = pools.map(postgresStore);
    const wins = async (attempt) => (await Promise.all(holders.map(attempt))).filter(Boolean).length;
    for (let round = 0; round < 50; round += 1) {
      const key = crypto.randomUUID();
      assert.equal(await wins((store, index) => store.compareAndSet(key, null, `by ${index}`)), 1);
      const text = await holders[0].read(key);
      assert.equal(await wins((store, index) => store.compareAndSet(key, text, index % 2 ? null : `next ${index}`)), 1);
      const left = await holders[0].read(key);
      const both = await wins((store, index) => store.compareAndSet(key, index ? null : left, index ? "new" : null));
      assert.ok(both >= 1 && both <= 2, `${both} won`);
      assert.equal(await holders[0].read(key), left === null || both === 2 ? "new" : null);
    }
  });

  test("is one that hosts share a session through: one request at one expiry", async () => {
    const persistences = pools.map(postgresStore);
    await expired({ persistence: persistences[0] });
    const connections = await Promise.all(persistences.map((persistence) => start({ persistence }).restore()));
    const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
    assert.deepEqual([...new Set(tokens)], ["at-canary-alice-2"]);
    assert.equal(server.count("refresh_token"), 1);
  });
});
