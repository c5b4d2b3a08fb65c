import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";

/** The titles of a file's tests, those from a table as far as they are the same for each case, and the table's texts. */
export function testsIn(file) {
  const source = readFileSync(join(root, file), "utf8");
  if (file.endsWith(".rs")) {
    const attribute = /#\[(?:wasm_bindgen_)?test\]\s+(?:async )?fn (\w+)/g;
    return [...source.matchAll(attribute)].map(([, name]) => name);
  }
  const titles = [...source.matchAll(/\btest\(\s*(["`])(.*?)\1,/g)].map(([, , title]) => title);
  const isTabled = /\btest\(what,/.test(source) || titles.some((title) => title.startsWith("${"));
  const rows = isTabled ? [...source.matchAll(/^\s*\[\s*"([^"\n]*)",/gm)].map(([, text]) => text) : [];
  return [...titles.map((title) => title.replaceAll(/\$\{.*?\}/g, "…")), ...rows];
}

/** A link to a test's file, from a document in `docs`, and the test's title. */
export function linkedTest([file, title]) {
  return `[${file.replace("tests/", "")}](../${file}): ${file.endsWith(".rs") ? `\`${title}\`` : title}`;
}
