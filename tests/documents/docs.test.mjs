import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { checkedCode } from "../shared/checked-code.mjs";
import { devFolder, installPackage } from "../shared/installed.mjs";
import { runModule } from "../shared/processes.mjs";
import { otherFiles, otherLanguages, packages, prelude, unchecked } from "./given.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = join(root, "node_modules");
const read = (file) => readFileSync(join(root, file), "utf8");
const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const documents = ["README.md", "dev/README.md", ...pages.map((name) => `docs/${name}`)];
const sourceFiles = readdirSync(join(root, "pkg-template"), { recursive: true })
  .filter((name) => /\.(js|ts)$/.test(name))
  .map((name) => `pkg-template/${name}`);
const checkedFiles = documents.filter((file) => !otherFiles[file]);
const endings = { js: "mjs", jsx: "jsx", ts: "mts" };
/** Where `npm start` has the authorization server. */
const startUrl = "http://127.0.0.1:8081";

const blocks = checkedFiles.flatMap((file) =>
  [...read(file).matchAll(/^```(\S*)(?: (\S+))?\n(.*?)^```$/gms)].map((match, index) => {
    const [, language, mark, code] = match;
    const line = read(file).slice(0, match.index).split("\n").length + 1;
    return { file, language, mark, code, line, name: `${file.replaceAll(/\W/g, "-")}-${index}` };
  }),
);
const reasonOf = ({ file, code }) => unchecked.find((entry) => entry.file === file && code.includes(entry.with))?.why;
const checked = blocks.filter((block) => endings[block.language] && !reasonOf(block));
const programs = blocks.filter(({ mark }) => mark === "run");

let pack;
before(async () => {
  pack = await installPackage();
  for (const name of ["vue", "@vue", "redis", "@redis", "ioredis", "react", "svelte", "oauth4webapi"]) {
    await symlink(join(modules, name), join(pack.folder, "node_modules", name), "dir");
  }
  await symlink(devFolder, join(pack.folder, "node_modules/meshydb-client-dev"), "dir");
  await writeFile(join(pack.folder, "prelude.d.ts"), prelude);
  await writeFile(join(pack.folder, "packages.d.ts"), packages);
});
after(() => pack.remove());

describe("the code in the documents", () => {
  test("is compiled, or says in which way it is not", () => {
    for (const block of blocks) {
      const isKnown = endings[block.language] || otherLanguages[block.language] || block.language === "sh";
      assert.ok(isKnown, `${block.file}:${block.line}: nothing checks "${block.language}"`);
      assert.ok([undefined, "run"].includes(block.mark), `${block.file}:${block.line}: "${block.mark}"`);
    }
    for (const entry of unchecked) {
      assert.equal(blocks.filter((block) => reasonOf(block) === entry.why).length, 1, `${entry.file}: ${entry.with}`);
    }
    for (const file of Object.keys(otherFiles)) assert.ok(documents.includes(file), file);
    assert.ok(checked.length >= 20, `${checked.length} blocks`);
    assert.ok(programs.length > 4, `${programs.length} programs`);
  });

  test("has the types that it says, against the packed package", async () => {
    const fileOf = ({ name, language }) => join(pack.folder, `${name}.${endings[language]}`);
    for (const block of checked) await writeFile(fileOf(block), `${block.code}\nexport {};\n`);
    const program = ts.createProgram({
      rootNames: [...["prelude.d.ts", "packages.d.ts"].map((name) => join(pack.folder, name)), ...checked.map(fileOf)],
      options: {
        ...checkedCode,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        jsx: ts.JsxEmit.Preserve,
      },
    });
    const sources = program.getSourceFiles().filter(({ fileName }) => dirname(fileName) === pack.folder);
    assert.equal(sources.length, checked.length + 2);
    const diagnostics = sources.flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]);
    const texts = diagnostics.map(({ file, start, messageText }) => {
      const { file: document, line } = checked.find((block) => fileOf(block) === file.fileName) ?? {
        file: "prelude",
        line: 0,
      };
      const at = line + file.getLineAndCharacterOfPosition(start).line;
      return `${document}:${at}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    assert.deepEqual(texts, []);
  });

  for (const { file, line, code } of programs) {
    test(`runs: ${file}:${line}`, async () => {
      const server = await startAuthorizationServer();
      const {
        code: status,
        stdout,
        stderr,
      } = await runModule(code.replaceAll(startUrl, server.url), { cwd: pack.folder });
      await server.close();
      assert.equal(stderr, "");
      assert.equal(status, 0);
      const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, text]) => text);
      assert.deepEqual(stdout.split("\n").filter(Boolean), expected);
      assert.ok(expected.length > 0, "shows nothing");
    });
  }

  test("names npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => code.split("\n"));
    const named = commands.flatMap(
      (text) => /\bnpm (?:run )?(start|test|build|size|bench|prove|sim|race|fleet|soak)\b/.exec(text)?.[1] ?? [],
    );
    assert.ok(named.length > 0);
    for (const name of named) assert.ok(scripts[name], name);
    const runs = checkedFiles.flatMap((file) => [...read(file).matchAll(/\bnpm run (\w+)/g)]).map(([, name]) => name);
    for (const name of runs) assert.ok(scripts[name], name);
  });
});

describe("the documents", () => {
  const anchor = (title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");

  test("have the figures of the last runs in README.md", () => {
    const [, chapter] = read("README.md").match(/^## Small and fast$(.*?)^## /ms);
    const rowsOf = (text) =>
      [...text.matchAll(/^\| (\S.*?) \|$/gm)].map(([, row]) => row.split("|").map((cell) => cell.trim()));
    const lines = [...rowsOf(read("docs/size.md")), ...rowsOf(read("docs/bench.md"))];
    const rows = rowsOf(chapter).filter(([name]) => lines.some(([other]) => other === name));
    assert.ok(rows.length > 10, `${rows.length} rows`);
    for (const [name, ...cells] of rows) {
      const known = lines.filter(([other]) => other === name).flat();
      for (const cell of cells) assert.ok(known.includes(cell), `${name}: ${cell}`);
    }
  });

  test("link to files and chapters that are there, and each is linked from docs/README.md", () => {
    const files = [...documents, "CONTRIBUTING.md", "SECURITY.md"];
    for (const file of files) {
      for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path, fragment] = target.split("#");
        const absolute = path ? join(root, dirname(file), path) : join(root, file);
        assert.ok(ts.sys.fileExists(absolute) || ts.sys.directoryExists(absolute), `${file}: ${target}`);
        if (!fragment) continue;
        const titles = [...readFileSync(absolute, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchor(title));
        assert.ok(titles.includes(fragment), `${file}: ${target}`);
      }
    }
    const index = read("docs/README.md");
    for (const file of documents.filter((file) => file.startsWith("docs/") && file !== "docs/README.md")) {
      assert.ok(index.includes(`](${file.slice("docs/".length)})`), `docs/README.md does not name ${file}`);
    }
  });
});

describe("docs/errors.md", () => {
  const document = read("docs/errors.md");
  const types = ts.createSourceFile("index.d.ts", read("pkg-template/core/index.d.ts"), ts.ScriptTarget.Latest, true);
  const literalsIn = (node) => {
    const texts = [];
    const visit = (part) => {
      if (ts.isStringLiteral(part)) texts.push(part.text);
      ts.forEachChild(part, visit);
    };
    visit(node);
    return texts;
  };
  const named = (name) => types.statements.find((statement) => statement.name?.text === name);
  const codes = literalsIn(named("MeshyErrorCode"));
  const reasons = literalsIn(named("MeshyError").members.find((member) => member.name?.text === "reason"));
  const chapter = (title) => document.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
  const headings = (text) => [...text.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
  const rows = (text) => [...text.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);

  test("has every code and every reason of the types, and no other", () => {
    assert.equal(codes.length, 11);
    assert.equal(reasons.length, 6);
    assert.deepEqual(headings(chapter("Codes")), codes);
    assert.deepEqual(rows(chapter("Reasons")), reasons);
  });

  test("has every argument that the sources name, and no other", () => {
    const found = [...read("src/web/arguments.rs").matchAll(/Error::argument\("(\w+)"/g)].map(([, name]) => name);
    for (const name of sourceFiles.filter((name) => name.endsWith(".js"))) {
      const source = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true);
      const note = (node) => node && ts.isStringLiteral(node) && found.push(node.text);
      const visit = (node) => {
        if (ts.isCallExpression(node) && /^check([A-Z]|$)/.test(node.expression.getText())) note(node.arguments[1]);
        if (ts.isCallExpression(node) && node.expression.getText() === "url") note(node.arguments[0]);
        if (ts.isPropertyAssignment(node) && node.name.getText() === "argument") note(node.initializer);
        if (ts.isForOfStatement(node) && node.expression.getText().startsWith("Object.entries({")) {
          found.push(...node.expression.arguments[0].properties.map(({ name }) => name.getText()));
        }
        if (ts.isCallExpression(node) && node.expression.getText() === "begin") {
          found.push(...(node.arguments[0].properties ?? []).flatMap(({ name }) => name?.getText() ?? []));
        }
        if (ts.isVariableDeclaration(node) && node.name.getText() === "RULES") {
          found.push(...node.initializer.properties.map(({ name }) => name.getText()));
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    const all = [...new Set(found)].sort();
    assert.equal(all.length, 46);
    assert.deepEqual([...new Set(rows(chapter("Arguments")))].sort(), all);
  });

  test("says of each code what the package says: retryable, and a message that it has", () => {
    const sources = [
      ...sourceFiles,
      ...["error", "oauth", "session/opening", "session/refreshing", "web/arguments"].map((name) => `src/${name}.rs`),
    ].map(read);
    const [, retried] = read("src/error.rs").match(/match self\.code \{\s*(.*?) => true/s);
    const retryable = [...retried.matchAll(/Code::(\w+)/g)].map(([, name]) =>
      name.replaceAll(/(?<!^)[A-Z]/g, "_$&").toLowerCase(),
    );
    const checkMessages = (text, begin) => {
      const messages = [...text.replaceAll(/\s+/g, " ").matchAll(/`(\w+): (?:(\w+): )?([^`]+)`/g)];
      const said = messages.filter(([, code]) => code === begin);
      assert.ok(said.length > 0, begin);
      for (const [, , reason, words] of said) {
        assert.ok(!reason || reasons.includes(reason), reason);
        const rule = words.replace(/^\w+ must be /, "");
        assert.ok(
          sources.some((source) => source.includes(rule)),
          `no source says "${rule}"`,
        );
      }
      return said.map(([, , reason]) => reason);
    };
    for (const part of chapter("Codes").split(/^### /m).slice(1)) {
      const [, code] = /^`(\w+)`/.exec(part);
      assert.match(part, retryable.includes(code) ? /^Retryable: yes\b/m : /^Retryable: no\b/m, code);
      checkMessages(part, code);
    }
    assert.deepEqual(checkMessages(chapter("Reasons"), "session_ended"), reasons);
  });
});
