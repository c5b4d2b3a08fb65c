import { anySeed, flags } from "../../scripts/flags.mjs";
import { play } from "./cases.mjs";
import { Dice } from "./chance.mjs";
import { inputs } from "./mutations.mjs";

const numbers = { count: Infinity, seconds: Infinity, seed: anySeed(), case: undefined };
const { count, seconds, seed, case: single } = flags(numbers);
/** A few cases wait for a claim or a pause to end: that many go on beside them. */
const TOGETHER = 500;

const started = performance.now();
const elapsed = () => (performance.now() - started) / 1000;
const playing = new Set();
let begun = 0;
let done = 0;

async function worker() {
  while (inputs < count && elapsed() < seconds) {
    const number = seed + begun;
    begun += 1;
    playing.add(number);
    await play(new Dice(number)).catch((error) => fail(error, [number]));
    playing.delete(number);
    done += 1;
    await new Promise(setImmediate);
  }
}

function fail(error, numbers) {
  console.error(error);
  for (const number of numbers) console.error(`again: node fuzz/package/main.mjs --case ${number}`);
  process.exit(1);
}

/** Each error has a stack, whose making is most of its cost. */
Error.stackTraceLimit = 3;
process.on("unhandledRejection", (error) => fail(error, playing));
process.on("uncaughtException", (error) => fail(error, playing));
const progress = setInterval(() => {
  const memory = process.memoryUsage().rss / 2 ** 20;
  console.log(
    `  ${done} cases with ${inputs} inputs, ${(inputs / elapsed()).toFixed(0)} a second, ${memory.toFixed(0)} MiB`,
  );
}, 10_000);
if (single) await play(new Dice(single));
else await Promise.all(Array.from({ length: TOGETHER }, worker));
clearInterval(progress);
console.log(`package: ${inputs} inputs in ${done} cases from seed ${seed} in ${elapsed().toFixed(0)} s, no violation`);
process.exit();
