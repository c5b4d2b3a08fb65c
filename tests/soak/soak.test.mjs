import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "./soak.mjs";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));

/** As `npm run soak` plays it, with less of it. */
test("sessions outlive every fault of the development server", { timeout: 300_000 }, async (t) => {
  const { cell, table, holds } = await soak({ refreshes: 1_000, sessions: 50, seed: SEED, timeout: 3_000 });
  t.diagnostic(`${cell}, seed ${SEED}`);
  assert.ok(holds, `${cell}\n${table}`);
});
