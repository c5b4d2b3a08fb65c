import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { anySeed, flags } from "../../scripts/flags.mjs";
import { main, root, StepError, step } from "../../scripts/steps.mjs";
import { soak, soakDocument } from "./soak.mjs";

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

await main(async () => {
  const asked = flags({ refreshes: 100_000, sessions: 200, seed: anySeed() });
  await step("soak", async () => {
    console.log(`  seed ${asked.seed}`);
    const progress = (text) => console.log(`  ${text}`);
    const result = await soak({ ...asked, progress });
    console.log(`\n${result.table}\n\n${result.cell}`);
    if (!result.holds) throw new StepError("Not as it must be.");
    writeFileSync(join(root, "docs/soak.md"), soakDocument(result, asked));
  });
});
process.exit();
