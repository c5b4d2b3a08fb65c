import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { entries, typesOf } from "./entries.mjs";
import { main, root, run, StepError } from "./steps.mjs";

export const interfaceFile = "scripts/interface.json";

/** The heading of the changelog that is written at now, and a digest of the public declarations without their comments. */
export function interfaceNow() {
  const printer = ts.createPrinter({ removeComments: true });
  const hash = createHash("sha256");
  for (const name of entries.map((entry) => `${entry}.d.ts`).sort()) {
    const text = typesOf(name.replace(".d.ts", ""));
    hash.update(`${name}\n${printer.printFile(ts.createSourceFile(name, text, ts.ScriptTarget.Latest))}`);
  }
  const [, heading] = /^## (.*)$/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8"));
  return { heading, declarations: hash.digest("hex") };
}

async function update() {
  const now = interfaceNow();
  const { declarations } = JSON.parse(readFileSync(join(root, interfaceFile), "utf8"));
  if (now.declarations === declarations) return console.log("The declarations are those that were noted.");
  const changed = await run("git", ["diff", "--name-only", "HEAD", "--", "CHANGELOG.md"], { quiet: true });
  if (!changed)
    throw new StepError("Say in CHANGELOG.md what changes for users of these declarations, then run this again.");
  writeFileSync(join(root, interfaceFile), `${JSON.stringify(now, null, 2)}\n`);
  console.log(`${interfaceFile} is up to date: commit it with CHANGELOG.md.`);
}

if (process.argv[1] === import.meta.filename) await main(update);
