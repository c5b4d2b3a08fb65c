import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/steps.mjs";

/** The packages that a folder's own package.json pins, each by its exact version. */
export function pinnedIn(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).devDependencies;
}

/** Installs them by the folder's lock file, unless they are there. No script of a package runs. */
export async function installPinned(folder) {
  const isThere = ([name, version]) => installedVersion(folder, name) === version;
  if (Object.entries(pinnedIn(folder)).every(isThere)) return;
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["ci", ...flags], { cwd: folder, quiet: true, hint: "Is the npm registry reachable?" });
}

function installedVersion(folder, name) {
  const manifest = join(folder, "node_modules", name, "package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version;
}
