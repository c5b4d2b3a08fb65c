import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../scripts/steps.mjs";
import { reports } from "./reports.mjs";
import { reportsDocument, reportsFile } from "./reports-document.mjs";
import { testsIn } from "./tests-in.mjs";

const entries = Object.values(reports).flat();
const cited = entries.flatMap((entry) => entry.reports);

describe("what was reported of other packages", () => {
  test("is cited once each, by repository and number", () => {
    assert.ok(entries.length >= 40 && cited.length >= entries.length, `${cited.length} in ${entries.length} rows`);
    assert.equal(new Set(cited).size, cited.length);
    for (const report of cited) assert.match(report, /^[\w-]+\/[\w.-]+#\d+$/);
  });

  for (const { reports: names, seen, here, tests } of entries) {
    test(`${names[0]} has tests, and they are there`, () => {
      for (const text of [seen, here]) assert.match(text, /^[A-Z`][^|]+\.$/);
      assert.ok(names.length > 0 && tests.length > 0);
      for (const [file, title] of tests) assert.ok(testsIn(file).includes(title), `${file} has no test "${title}"`);
    });
  }

  test("is what its document says", () => {
    const text = readFileSync(join(root, reportsFile), "utf8");
    assert.equal(text, reportsDocument(), "`node tests/documents/reports-document.mjs` writes it");
  });
});
