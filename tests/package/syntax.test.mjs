import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const folder = fileURLToPath(new URL("../../pkg/", import.meta.url));
const document = readFileSync(new URL("../../docs/platforms.md", import.meta.url), "utf8");
const claim = /^- The syntax is that of Chromium (\d+), Firefox (\d+) and Safari ([\d.]+)/m;
/** Older than any of these engines, but esbuild rewrites `\P{Cs}` for all of them: the tables of Unicode differ. */
const options = { supported: { "regexp-unicode-property-escapes": true } };

test("no file has syntax that is newer than the engines that docs/platforms.md names", async () => {
  const [, chrome, firefox, safari] = document.match(claim);
  const target = [`chrome${chrome}`, `firefox${firefox}`, `safari${safari}`];
  for (const name of readdirSync(folder).filter((name) => /\.c?js$/.test(name))) {
    const text = readFileSync(folder + name, "utf8");
    const [kept, rewritten] = [await transform(text, options), await transform(text, { ...options, target })];
    assert.equal(rewritten.code, kept.code, name);
  }
});
