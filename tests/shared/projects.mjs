import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { devFolder, installPackage } from "./installed.mjs";
import { installPinned } from "./pinned.mjs";

/**
 * Lays out `work` in a folder of tests: a place for applications, beside the package as its tarball installs it, the development
 * server and what the folder's own package.json pins; `type` says what a .js file is. Resolves to a function that writes an application's files and gives its folder.
 */
export async function layOutProjects(folder, type) {
  await installPinned(folder);
  const work = join(folder, "work");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(work, "package.json"), JSON.stringify({ private: true, type }));
  const pack = await installPackage();
  cpSync(pack.installed, join(work, "node_modules/meshydb-client"), { recursive: true });
  await pack.remove();
  symlinkSync(devFolder, join(work, "node_modules/meshydb-client-dev"), "dir");
  symlinkSync(join(devFolder, "main.mjs"), join(work, "node_modules/.bin/meshydb-client-dev"));
  return (name, files) => {
    const project = join(work, name);
    mkdirSync(project, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);
    return project;
  };
}

/** The files that a document shows, by chapter: a block of code whose paragraph before it begins with a name. */
export function filesIn(document) {
  const chapters = readFileSync(join(root, document), "utf8").split(/^## /m).slice(1);
  return Object.fromEntries(chapters.map((text) => [text.split("\n", 1)[0], filesOf(text)]));
}

function filesOf(chapter) {
  const files = {};
  let name;
  for (const part of chapter.split(/\n{2,}(?=`[\w.-]+`|```)/)) {
    const [, code] = /^```\w+\n(.*?)^```$/ms.exec(part) ?? [];
    if (code && name) files[name] = code;
    [, name] = /^`([\w.-]+)`[\s\S]*:\s*$/.exec(part) ?? [];
  }
  return files;
}
