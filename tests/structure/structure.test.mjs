import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path/posix";
import { describe, test } from "node:test";
import ts from "typescript";
import { mutants } from "../../scripts/mutants.mjs";
import { root } from "../../scripts/steps.mjs";
import { LONG_FILES } from "../../scripts/test-steps.mjs";

const FOLDERS = ["dev", "docs", "examples", "fuzz", "pkg-template", "scripts", "src", "tests", "www"];
const FILES_FOR_TOOLS = [
  ...["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "SECURITY.md"],
  ...["Cargo.lock", "Cargo.toml", "biome.json", "deny.toml", "package-lock.json", "package.json", "webdriver.json"],
];
/** Folders that have rooms of their own. */
const HOUSES = ["pkg-template", "tests"];
/** What rooms of tests may import of each other: one folder for JavaScript, one for Rust. */
const SHARED = ["tests/shared", "tests/support"];
const LINES = 400;
const FIELDS = 16;
const WRITTEN_BY_HAND = /\.(rs|m?js|cjs|jsx|ts|svelte|vue|css|html|md)$/;
const GENERATED = ["docs/reference.md"];

const read = (file) => readFileSync(join(root, file), "utf8");
const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
const files = listed
  .toString()
  .split("\0")
  .filter((file) => file && existsSync(join(root, file)));

/** What a file imports of this repository, as paths from its root. */
function importsOf(file) {
  const isScript = /\.(m?js|cjs|jsx|ts)$/.test(file);
  if (!isScript && extname(file) !== ".rs") return [];
  const text = read(file);
  const named = isScript
    ? ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
    : [...text.matchAll(/^#\[path = "(.*)"\]$/gm)].map(([, path]) => path);
  return named.filter((name) => !isScript || name.startsWith(".")).map((name) => join(dirname(file), name));
}

function folderOf(file) {
  return file.split("/").slice(0, -1)[0];
}

function roomOf(file) {
  const [folder, room] = file.split("/").slice(0, -1);
  return HOUSES.includes(folder) && room ? `${folder}/${room}` : folder;
}

const imports = files.flatMap((file) => importsOf(file).map((imported) => [file, imported]));

/** Which place imports which other, as text that shows one import for each. */
function arrows(placeOf) {
  const found = new Map();
  for (const [file, imported] of imports) {
    const [from, to] = [placeOf(file), placeOf(imported)];
    if (from && to && from !== to) found.set(`${from} → ${to}`, { from, to, example: `${file} imports ${imported}` });
  }
  return [...found.values()];
}

/** Those arrows that are on a way back to where they start. */
function circular(all) {
  const rest = all.filter(
    ({ from, to }) => all.some((arrow) => arrow.from === to) && all.some((arrow) => arrow.to === from),
  );
  return rest.length === all.length ? rest : circular(rest);
}

const examples = (found) => found.map(({ example }) => example);

describe("the repository", () => {
  test("shows these folders and the files that tools want there, and nothing else", () => {
    const names = new Set(files.map((file) => file.split("/")[0]));
    const visible = [...names].filter((name) => !name.startsWith("."));
    assert.deepEqual(visible.sort(), [...FOLDERS, ...FILES_FOR_TOOLS].sort());
  });

  test("has no folder that imports another which leads back to it", () => {
    assert.ok(arrows(folderOf).length > 5);
    assert.deepEqual(examples(circular(arrows(folderOf))), []);
  });

  test("has no room in a folder that imports another which leads back to it", () => {
    assert.ok(arrows(roomOf).length > 20);
    assert.deepEqual(examples(circular(arrows(roomOf))), []);
  });

  test("has no room of tests that imports another but the shared ones", () => {
    const between = arrows(roomOf).filter(({ from, to }) => [from, to].every((room) => room.startsWith("tests/")));
    assert.deepEqual(examples(between.filter(({ to }) => !SHARED.includes(to))), []);
  });

  test(`has no file that was written by hand of more than ${LINES} lines`, () => {
    const written = files.filter((file) => WRITTEN_BY_HAND.test(file) && !GENERATED.includes(file));
    const long = written.map((file) => [file, read(file).split("\n").length - 1]).filter(([, lines]) => lines > LINES);
    assert.deepEqual(long, []);
  });

  test(`has no struct of more than ${FIELDS} fields in the core`, () => {
    const structs = files
      .filter((file) => /^src\/.*\.rs$/.test(file))
      .flatMap((file) => [...read(file).matchAll(/struct (\w+)[^;{(]*\{\n([^}]*)\}/g)]);
    const fields = (body) => body.match(/^\s*(pub(\(.*\))? )?\w+:/gm).length;
    assert.ok(structs.length > 20, `${structs.length} structs`);
    assert.deepEqual(
      structs.filter(([, , body]) => fields(body) > FIELDS).map(([, name]) => name),
      [],
    );
  });

  test("has in its core each place that a fault of design changes, once", () => {
    const core = files.filter((file) => /^src\/.*\.rs$/.test(file)).map(read);
    const places = (text) => core.reduce((sum, source) => sum + source.split(text).length - 1, 0);
    const lost = mutants.filter(([, find]) => places(find) !== 1).map(([name]) => name);
    assert.deepEqual(lost, []);
  });

  test("has each test file that is played as a long one", () => {
    const missing = LONG_FILES.filter((file) => !files.includes(file));
    assert.deepEqual(missing, []);
  });

  test("has each room of tests in the map of CONTRIBUTING.md", () => {
    const rooms = new Set(files.map(roomOf).filter((room) => room?.startsWith("tests/")));
    const map = read("CONTRIBUTING.md");
    assert.deepEqual(
      [...rooms].filter((room) => !map.includes(`\`${room}\``)),
      [],
    );
  });
});
