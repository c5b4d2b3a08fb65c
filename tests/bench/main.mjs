import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { flags } from "../../scripts/flags.mjs";
import { setUpBrowsers } from "../../scripts/setup.mjs";
import { main, root, StepError, step } from "../../scripts/steps.mjs";
import { installPeers } from "../shared/peers/peers.mjs";
import { bench } from "./bench.mjs";
import { benchChart, benchDocument, heapChart } from "./document.mjs";
import { partNames } from "./parts.mjs";

const QUICK_CYCLES = 200;
const GATE_CYCLES = 5_000;
const ALL_CYCLES = 100_000;

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const { gates: isGates, ...asked } = flags({ parts: partNames, quick: false, gates: false, cycles: undefined });
  await step("browsers and their drivers", setUpBrowsers);
  if (isGates) return gates();
  await step("other clients", installPeers);
  await step("bench", () => beside(asked));
});
process.exit();

function progress(text) {
  console.log(`  ${text}`);
}

/** Measures this package beside the other clients; the whole of it is written into the documents. */
async function beside({ only, quick: isQuick, cycles = isQuick ? QUICK_CYCLES : ALL_CYCLES }) {
  const result = await bench({ only, isQuick, withPeers: true, cycles, progress });
  const sections = Object.values(result.sections).map(({ title, table }) => `${title}\n\n${table}`);
  console.log(`\n${[...sections, result.targetTable].join("\n\n")}`);
  if (isQuick) return console.log("\nToo few to judge.");
  const pages = {
    "bench.md": () => benchDocument(result, `npm run bench -- --cycles ${cycles}`),
    "bench.svg": () => benchChart(result.figures),
    "heap.svg": () => heapChart(result.figures.cycles),
  };
  if (!only) for (const [file, page] of Object.entries(pages)) writeFileSync(join(root, "docs", file), page());
  if (result.missed.length) throw new StepError(complaint(result.missed));
}

/** Measures this package alone, and judges it; the last line has the counts. */
async function gates() {
  const { targetTable, held, missed } = await bench({ cycles: GATE_CYCLES, progress });
  console.log(`\n${targetTable}`);
  if (missed.length) console.log(`\n${complaint(missed)}`);
  console.log(`\n${held.length} passed, ${missed.length} failed, 0 skipped`);
  if (missed.length) process.exitCode = 1;
}

function complaint(missed) {
  return `Missed by more than the margin:\n${missed.join("\n")}`;
}
