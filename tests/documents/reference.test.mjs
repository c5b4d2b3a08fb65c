import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { exportsOf, referenceDocument, referenceFile } from "../../scripts/reference.mjs";
import { root } from "../../scripts/steps.mjs";

const document = readFileSync(join(root, referenceFile), "utf8");
const { exports: entries } = JSON.parse(readFileSync(join(root, "pkg-template/package.json"), "utf8"));

describe("the reference", () => {
  test("is what the types say", () => {
    assert.equal(document, referenceDocument(), "`node scripts/reference.mjs` writes it");
  });

  test("has a chapter for each entry of the package, and every name that it exports", () => {
    const chapters = document.split(/^## /m).slice(1);
    const names = Object.keys(entries).filter((name) => name !== "./package.json");
    assert.deepEqual(
      chapters.map((text) => text.split("\n", 1)[0]).sort(),
      names.map((name) => name.replace(".", "meshydb-client")).sort(),
    );
    for (const name of names) {
      const chapter = chapters.find((text) => text.startsWith(`${name.replace(".", "meshydb-client")}\n`));
      const exported = exportsOf(name === "." ? "index" : name.slice(2)).map(([name]) => name);
      const shown = [...chapter.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
      assert.ok(exported.length > 0, name);
      assert.deepEqual(shown, [...new Set(exported)], name);
    }
  });
});
