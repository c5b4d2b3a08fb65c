import assert from "node:assert/strict";
import { test } from "node:test";
import { bench } from "./bench.mjs";
import { bareName, floorName, ownName } from "./contenders.mjs";
import { benchChart, benchDocument, heapChart } from "./document.mjs";
import { partNames } from "./parts.mjs";
import { bareProcess, ownProcess } from "./processes.mjs";
import { judged } from "./targets.mjs";

const rowsOf = {
  cached: [bareName, ownName],
  requests: [ownName, "by hand, same safeguards", "bare fetch"],
  start: [ownName, floorName],
  processes: [bareProcess, ownProcess, "`meshy token`"],
  waiters: [ownName, "one promise that all share"],
  connections: ["200 of one client", "200, each of a client of its own"],
  cycles: ["after 0", "after 100", "after 200"],
};

/** As `npm run bench -- --quick` measures, without the other clients; nothing here is said of a time. */
test("the bench measures every part and prints every row", { timeout: 120_000 }, async () => {
  const result = await bench({ isQuick: true, cycles: 200 });
  const { figures, sections, targetTable } = result;
  assert.deepEqual(Object.keys(sections), partNames);
  for (const [part, names] of Object.entries(rowsOf)) {
    for (const name of names) assert.match(sections[part].table, new RegExp(`^\\| ${name} +\\| \\S`, "m"), part);
    assert.doesNotMatch(sections[part].table, /NaN|undefined/, part);
  }
  assert.equal(figures.waiters.requests, 1);
  assert.equal(figures.cycles.points.at(-1).cycle, 200);
  for (const { text } of judged(figures, false)) assert.ok(targetTable.includes(text), text);
  for (const { title } of Object.values(sections))
    assert.ok(benchDocument(result, "").includes(`## ${title}\n`), title);
  for (const chart of [benchChart(figures), heapChart(figures.cycles)]) {
    assert.match(chart, /^<svg [^>]*role="img"[^>]*>\n<title [^>]*>[^<]+<\/title>\n<desc [^>]*>[^<]+<\/desc>/);
    assert.doesNotMatch(chart, /NaN|undefined/);
  }
});

test("a target is missed only beyond its margin", () => {
  const verdictOf = (own) => judged({ cached: { node: { [bareName]: 100, [ownName]: own } } }, false)[0];
  assert.deepEqual(
    [300, 450, 451].map((own) => verdictOf(own).holds),
    [true, true, false],
  );
  const besideFloor = (own) => {
    const figures = { [floorName]: 10, [ownName]: own };
    return judged({ start: { chromium: figures, restored: figures } }, false).map(({ verdict }) => verdict);
  };
  assert.deepEqual([11.5, 45.9, 46.1].map(besideFloor), [
    ["met", "met"],
    ["missed", "missed"],
    ["**worse**", "**worse**"],
  ]);
  const waiters = (requests) => judged({ waiters: { requests } }, false)[0].holds;
  assert.deepEqual([1, 2].map(waiters), [true, false]);
  const grown = (pages) => judged({ cycles: { points: [{ pages: 18 }, { pages }] } }, false)[0].holds;
  assert.deepEqual([18, 19].map(grown), [true, false]);
});
