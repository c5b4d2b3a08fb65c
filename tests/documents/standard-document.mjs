import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { standard } from "./standard.mjs";
import { linkedTest } from "./tests-in.mjs";

export const standardFile = "docs/standard.md";

const INTRODUCTION = `# The standard

What the RFCs and practice ask of a client like this one, and the tests that prove it. \`…\` stands for what a test takes
from a table of cases. How several holders of one session get on is searched further by \`npm run sim\`, see
[design.md](design.md).

\`npm test\` runs all of them, and fails if a line here has no test, if a test that is named here is not there, or if this
page is not what \`node tests/documents/standard-document.mjs\` makes of \`tests/documents/standard.mjs\`.
`;

/** The text of docs/standard.md. */
export function standardDocument() {
  const chapters = Object.entries(standard).map(([title, entries]) => {
    const rows = entries.map(({ id, requirement, source, tests }) => {
      const cells = [`\`${id}\``, requirement, source.map(linkedSource).join(", "), tests.map(linkedTest).join("<br>")];
      return `| ${cells.join(" | ")} |`;
    });
    return [`## ${title}`, "", "| | requirement | source | tests |", "|---|---|---|---|", ...rows, ""].join("\n");
  });
  return [INTRODUCTION, ...chapters].join("\n");
}

function linkedSource(source) {
  const [, rfc, part, number] = /^RFC (\d+) (section|appendix) (\S+)$/.exec(source) ?? [];
  return rfc ? `[${source}](https://www.rfc-editor.org/rfc/rfc${rfc}#${part}-${number})` : source;
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, standardFile), standardDocument());
