import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { reports } from "./reports.mjs";
import { linkedTest } from "./tests-in.mjs";

export const reportsFile = "docs/reports.md";

const INTRODUCTION = `# What users of comparable packages have reported, tried here

Public issues and pull requests of clients that keep a session or a token: what was seen there, what this package does
today, and the tests that show it. A report is from the day it was written; what it is about may have changed since. The
last chapter has what is no better here, or not there yet. \`…\` stands for what a test takes from a table of cases.

\`npm test\` fails if a test that is named here is not there, or if this page is not what
\`node tests/documents/reports-document.mjs\` makes of \`tests/documents/reports.mjs\`.
`;

/** The text of docs/reports.md. */
export function reportsDocument() {
  const chapters = Object.entries(reports).map(([title, entries]) => {
    const rows = entries.map((entry) => {
      const cells = [entry.reports.map(linkedReport).join("<br>"), entry.seen, entry.here];
      return `| ${[...cells, entry.tests.map(linkedTest).join("<br>")].join(" | ")} |`;
    });
    return [`## ${title}`, "", "| report | seen there | here | tests |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return [INTRODUCTION, ...chapters].join("\n");
}

function linkedReport(report) {
  return `[${report}](https://github.com/${report.replace("#", "/issues/")})`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, reportsFile), reportsDocument());
