import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { partNames } from "../bench/parts.mjs";
import { build } from "./build.mjs";
import { flags } from "./flags.mjs";
import { setUpBrowsers } from "./setup.mjs";
import { main, root, StepError, step } from "./steps.mjs";

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const asked = flags({ parts: partNames, quick: false, cycles: undefined });
  const { only, quick: isQuick, cycles = isQuick ? 200 : 100_000 } = asked;
  await build();
  await step("browsers and their drivers", setUpBrowsers);
  const { installPeers } = await import("../race/peers/peers.mjs");
  const { bench } = await import("../bench/bench.mjs");
  const { benchChart, benchDocument, heapChart } = await import("../bench/document.mjs");
  await step("other clients", installPeers);
  await step("bench", async () => {
    const progress = (text) => console.log(`  ${text}`);
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
    if (result.missed.length) throw new StepError(`Missed by more than the margin:\n${result.missed.join("\n")}`);
  });
});
process.exit();
