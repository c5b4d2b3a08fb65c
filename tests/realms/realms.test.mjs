import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { length } from "../shared/lengths.mjs";
import { mutated } from "./hunt.mjs";
import { playMany } from "./many.mjs";
import { mutants } from "./mutants.mjs";
import { planOf } from "./plan.mjs";
import { play } from "./play.mjs";
import { packageOf } from "./realm.mjs";
import { shrunk } from "./shrink.mjs";

const text = readFileSync(new URL("../../pkg/index.js", import.meta.url), "utf8");
const [mutant] = mutants;

test("the package as it is shipped breaks nothing in random worlds of several realms", async (t) => {
  const { steps, failures } = await playMany({ text, first: 1, count: length.edgeWorlds });
  t.diagnostic(`${length.edgeWorlds} worlds, ${steps} steps`);
  assert.deepEqual(failures, []);
});

test("each fault that the worlds have to find is in the package", () => {
  for (const mutant of mutants) assert.notEqual(mutated(text, mutant), text);
  assert.throws(() => mutated(text, ["none", "not in it", ""]), /0 times/);
});

test("a fault is found, replays from its seed and shrinks to a plan that fails alike", async () => {
  const broken = mutated(text, mutant);
  const { failures } = await playMany({ text: broken, first: 1, count: 1_000, stopsEarly: true });
  const [{ seed, violation }] = failures;
  const given = await packageOf(broken);
  const [once, again] = [await play(planOf(seed), given), await play(planOf(seed), given)];
  assert.deepEqual(once, again);
  assert.equal(once.violation, violation);
  const { plan, trace } = await shrunk(planOf(seed), given);
  assert.ok(plan.actions.length < planOf(seed).actions.length);
  assert.ok(trace.some((line) => line.includes("VIOLATION")));
});
