import { parentPort, workerData } from "node:worker_threads";
import { packageOf } from "./package.mjs";
import { planOf } from "./plan.mjs";
import { play } from "./play.mjs";

/** How often it is said how many were played. */
const OFTEN = 50;

const { texts, first, count, by, stopsEarly } = workerData;
const given = await packageOf(texts);
const failed = [];
let steps = 0;
for (let played = 1; played <= count && !(stopsEarly && failed.length); played++) {
  const seed = first + (played - 1) * by;
  const outcome = await play(planOf(seed), given);
  steps += outcome.steps;
  if (outcome.violation) failed.push({ seed, violation: outcome.violation });
  if (played % OFTEN === 0) parentPort.postMessage({ played: OFTEN });
}
parentPort.postMessage({ steps, failed });
