import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../scripts/steps.mjs";
import { standard } from "./standard.mjs";
import { standardDocument, standardFile } from "./standard-document.mjs";
import { testsIn } from "./tests-in.mjs";

const entries = Object.values(standard).flat();
const read = (file) => readFileSync(join(root, file), "utf8");

describe("the standard", () => {
  test("has an entry for each requirement, and an id for each entry", () => {
    assert.equal(entries.length, 27 + 15);
    assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length);
    for (const { id, requirement, source } of entries) {
      assert.match(id, /^[a-z0-9-]+$/);
      assert.match(requirement, /^[A-Z][^|]+\.$/, id);
      assert.ok(source.length > 0, id);
    }
  });

  for (const { id, tests } of entries) {
    test(`${id} has tests, and they are there`, () => {
      assert.ok(tests.length > 0, "no test");
      for (const [file, title] of tests) assert.ok(testsIn(file).includes(title), `${file} has no test "${title}"`);
    });
  }

  test("is what its document says", () => {
    assert.equal(read(standardFile), standardDocument(), "`node tests/documents/standard-document.mjs` writes it");
  });
});
