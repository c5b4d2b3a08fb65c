import { fileURLToPath } from "node:url";
import ts from "typescript";

/** How the compiler checks the code of a document, JavaScript too. */
export const checkedCode = {
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  typeRoots: [fileURLToPath(new URL("../../node_modules/@types", import.meta.url))],
  types: ["node"],
  target: ts.ScriptTarget.ES2022,
  allowJs: true,
  checkJs: true,
  strict: true,
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
  skipLibCheck: true,
  noEmit: true,
};
