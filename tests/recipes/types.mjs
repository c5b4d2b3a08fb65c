import { basename, dirname, join } from "node:path";
import ts from "typescript";

const own = join(import.meta.dirname, "node_modules/@types");
const shared = join(import.meta.dirname, "../../node_modules/@types");

/** What TypeScript says of these modules of a folder. */
export function typeErrors(folder, names) {
  const program = ts.createProgram({
    rootNames: names.map((name) => join(folder, `${name}.ts`)),
    options: {
      lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
      typeRoots: [own, shared],
      types: ["node", "ws"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noImplicitAny: false,
      useUnknownInCatchVariables: false,
      skipLibCheck: true,
      noEmit: true,
    },
  });
  const sources = program.getSourceFiles().filter(({ fileName }) => dirname(fileName) === folder);
  return sources
    .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)])
    .map(
      ({ file, messageText }) => `${basename(file.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
}
