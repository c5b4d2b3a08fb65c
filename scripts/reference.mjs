import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { entries, typesOf } from "./entries.mjs";
import { root } from "./steps.mjs";

export const referenceFile = "docs/reference.md";

const INTRODUCTION = `# Reference

Every exported name with its declaration, by entry. \`node scripts/reference.mjs\` writes this page from the types, and
\`npm test\` fails if it is not what they say. [guide.md](guide.md) is where to begin, [errors.md](errors.md) has the errors.
`;

/** The text of docs/reference.md. */
export function referenceDocument() {
  const [first, ...others] = entries;
  return [INTRODUCTION, ...[first, ...others.sort()].map(chapter)].join("\n");
}

/** The names that an entry exports, with their declarations. */
export function exportsOf(entry) {
  const source = ts.createSourceFile(entry, typesOf(entry), ts.ScriptTarget.Latest, true);
  return source.statements
    .filter(isExported)
    .flatMap((statement) => namesOf(statement).map((name) => [name, statement]));
}

function isExported(statement) {
  return ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function namesOf(statement) {
  const declarations = statement.declarationList?.declarations ?? [statement];
  return declarations.map(({ name }) => name.text);
}

function chapter(entry) {
  const imported = entry === "index" ? "meshydb-client" : `meshydb-client/${entry}`;
  const groups = new Map();
  for (const [name, statement] of exportsOf(entry)) groups.set(name, [...(groups.get(name) ?? []), statement]);
  const sections = [...groups].map(([name, statements]) => section(name, statements));
  return [`## ${imported}`, "", ...sections].join("\n");
}

/** What is declared together (an interface and a constant, the forms of a function) is shown together. */
function section(name, statements) {
  const comments = statements.map(commentOf).filter(Boolean);
  const code = statements.map((statement) => statement.getText()).join("\n");
  return [`### \`${name}\``, "", ...comments.flatMap((text) => [text, ""]), "```ts", code, "```", ""].join("\n");
}

/** The text of the last comment in front of a declaration: its lines, without what marks them. */
function commentOf(statement) {
  const text = statement.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, statement.pos)?.at(-1);
  if (!range || !text.startsWith("/**", range.pos)) return "";
  const lines = text.slice(range.pos + 3, range.end - 2).split("\n");
  return lines
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join("\n")
    .trim();
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, referenceFile), referenceDocument());
