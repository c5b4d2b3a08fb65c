import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { interfaceFile, interfaceNow } from "../../scripts/interface.mjs";
import { root } from "../../scripts/steps.mjs";
import { quickChecks } from "../../scripts/supply.mjs";

const read = (file) => readFileSync(join(root, file), "utf8");

describe("what the package is made of", () => {
  for (const [name, check] of Object.entries(quickChecks)) {
    test(name, async (t) => t.diagnostic(await check()));
  }
});

test("the declarations change with the changelog alone: `node scripts/interface.mjs` notes them", () => {
  const { heading, declarations } = JSON.parse(read(interfaceFile));
  assert.equal(
    interfaceNow().declarations,
    declarations,
    "Say in CHANGELOG.md what changed; node scripts/interface.mjs",
  );
  assert.ok(read("CHANGELOG.md").includes(`\n## ${heading}\n`), `CHANGELOG.md has no longer "${heading}"`);
});
