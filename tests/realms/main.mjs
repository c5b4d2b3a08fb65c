import { readFileSync } from "node:fs";
import { planOf } from "./plan.mjs";
import { packageOf } from "./realm.mjs";
import { play } from "./play.mjs";

const given = await packageOf(readFileSync(new URL("../../pkg/index.js", import.meta.url), "utf8"));
const [from, count] = process.argv.slice(2).map(Number);
let steps = 0;
const start = performance.now();
const kinds = {};
for (let seed = from; seed < from + count; seed++) {
  const plan = planOf(seed);
  const r = await play(plan, given);
  steps += r.steps;
  if (r.violation) {
    const k = r.violation.replace(/\d+(\.\d+)?/g, "N");
    (kinds[k] ??= []).push(seed);
  }
  if (count === 1) console.log(JSON.stringify(plan), "\n"+r.trace.join("\n"));
}
for (const [k, s] of Object.entries(kinds)) console.log(s.length, k, s.slice(0, 5).join());
console.log(steps, "steps", ((performance.now() - start) / count).toFixed(1), "ms per seed");
