import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, StepError } from "../../scripts/steps.mjs";
import { closeBrowsers } from "./browser.mjs";
import { Kit } from "./kit.mjs";
import { browsers } from "./rows/browsers.mjs";
import { bundlers } from "./rows/bundlers.mjs";
import { lacking } from "./rows/lacking.mjs";
import { next } from "./rows/next.mjs";
import { oldest } from "./rows/oldest.mjs";
import { runtimes } from "./rows/runtimes.mjs";
import { shaking } from "./rows/shaking.mjs";

const ROW_LIMIT = 300_000;
const DOCUMENT = join(root, "docs/platforms.md");
const MARKS = ["<!-- rows -->\n\n", "\n\n<!-- end of rows -->"];
const rows = [...bundlers, ...next, ...runtimes, ...browsers, ...oldest, ...shaking, ...lacking];

/** Plays the rows one after another, and says of each how it went and how long it took. */
export async function play({ isQuick, only, writes }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const cells = [];
  const isPlayed = (row) => (isQuick ? row.isQuick : !row.standsIn) && row.name.includes(only);
  const played = rows.filter(isPlayed);
  if (!played.length) throw new StepError(`No row has "${only}" in its name.`);
  for (const row of played) {
    const start = performance.now();
    const { kind, versions = "", result = "ok", error } = await playRow(row);
    counts[kind]++;
    cells.push([row.name, versions, result]);
    const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(8);
    console.log(`${seconds}  ${row.name.padEnd(45)} ${versions}  ${result}`);
    if (error) console.log(error.stack);
  }
  await closeBrowsers();
  if (writes && !counts.failed) writeTable(cells);
  else if (!only) counts[namesRows() ? "passed" : "failed"]++;
  return counts;
}

async function playRow({ run }) {
  const kit = new Kit();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("It takes too long.")), ROW_LIMIT);
  });
  try {
    const outcome = await Promise.race([run(kit), late]);
    return { kind: outcome.result?.startsWith("not tested") ? "skipped" : "passed", ...outcome };
  } catch (error) {
    return { kind: "failed", result: "FAILED", error };
  } finally {
    clearTimeout(timer);
    await kit.end();
  }
}

function partsOfDocument() {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before, rest] = text.split(MARKS[0]);
  const [table, after] = rest.split(MARKS[1]);
  return { before, table, after };
}

/** Whether the document has just these rows. */
function namesRows() {
  const lines = partsOfDocument().table.split("\n").slice(2);
  const named = lines.map((line) => line.split(" | ")[0].slice(2));
  const expected = rows.filter(({ standsIn }) => !standsIn).map(({ name }) => name);
  const isSo = named.join("\n") === expected.join("\n");
  if (!isSo) console.log("docs/platforms.md has other rows: `npm run platforms -- --write` writes it.");
  return isSo;
}

function writeTable(cells) {
  const { before, after } = partsOfDocument();
  const table = [["", "versions", "result"], Array(3).fill("---"), ...cells].map((row) => `| ${row.join(" | ")} |`);
  writeFileSync(DOCUMENT, [before, MARKS[0], table.join("\n"), MARKS[1], after].join(""));
}
