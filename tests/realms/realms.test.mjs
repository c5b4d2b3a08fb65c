import assert from "node:assert/strict";
import { test } from "node:test";
import { length } from "../shared/lengths.mjs";
import { mutated } from "./hunt.mjs";
import { playMany } from "./many.mjs";
import { mutants } from "./mutants.mjs";
import { packageOf, readPackage } from "./package.mjs";
import { planOf } from "./plan.mjs";
import { play } from "./play.mjs";
import { shrunk } from "./shrink.mjs";

const texts = readPackage();
const [mutant] = mutants;

test("the package as it is shipped breaks nothing in random worlds of several realms", async (t) => {
  const { steps, failures } = await playMany({ texts, first: 1, count: length.edgeWorlds });
  t.diagnostic(`${length.edgeWorlds} worlds, ${steps} steps`);
  assert.deepEqual(failures, []);
});

test("each fault that the worlds have to find is in the package", () => {
  for (const mutant of mutants) assert.notDeepEqual(mutated(texts, mutant), texts);
  assert.throws(() => mutated(texts, ["none", "not in it", ""]), /0 times/);
});

test("a fault is found, replays from its seed and shrinks to a plan that fails alike", async () => {
  const broken = mutated(texts, mutant);
  const { failures } = await playMany({ texts: broken, first: 1, count: 1_000, stopsEarly: true });
  const [{ seed, violation }] = failures;
  const given = await packageOf(broken);
  const [once, again] = [await play(planOf(seed), given), await play(planOf(seed), given)];
  assert.deepEqual(once, again);
  assert.equal(once.violation, violation);
  const { plan, trace } = await shrunk(planOf(seed), given);
  assert.ok(plan.actions.length < planOf(seed).actions.length);
  assert.ok(trace.some((line) => line.includes("VIOLATION")));
});

test("what a page copies after its site data was removed does not come back over a worker's login", async () => {
  const tab = { lacks: [], isInBackground: false, skew: 0 };
  const planAt = (wiped) => ({
    ...planOf(1),
    ...{ kind: "local", timeout: 10_000, lifetime: 60, window: -1, hasReplicas: false, hasLocks: true },
    tabs: [
      { ...tab, number: 0, kind: "worker", at: 0 },
      { ...tab, number: 1, kind: "page", at: 1_000 },
    ],
    actions: [
      { at: 10_000, tab: 1, do: "rejected" },
      { at: 15_000, tab: 0, do: "login", user: "bob" },
    ],
    faults: [{ what: "wipe", from: wiped, until: wiped }],
  });
  const violations = async (played) => {
    const given = await packageOf(played);
    const found = [];
    for (let wiped = 10_020; wiped < 10_120; wiped += 1) found.push((await play(planAt(wiped), given)).violation);
    return found.filter(Boolean);
  };
  assert.deepEqual(await violations(texts), []);
  const find = "if (!text && this.#last === readCopy(key)) writeCopy(key, null);";
  assert.notDeepEqual(await violations(mutated(texts, ["its copy stays", find, ""])), []);
});
