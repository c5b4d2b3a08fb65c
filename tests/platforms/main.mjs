import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { parsed } from "./flags.mjs";
import { setUpBrowsers } from "./setup.mjs";
import { main, root, run, StepError, step } from "./steps.mjs";

const FOLDER = join(root, "platforms");

/** Only what the long rows need: its 1.4 GB are installed when they run. No script of a package runs. */
async function installBundlers() {
  const [installed, locked] = ["node_modules/.package-lock.json", "package-lock.json"].map((file) =>
    join(FOLDER, file),
  );
  if (existsSync(installed) && versionsIn(installed) === versionsIn(locked)) return;
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["ci", ...flags], { cwd: FOLDER, quiet: true, hint: "Is the npm registry reachable?" });
}

function versionsIn(file) {
  const { packages } = JSON.parse(readFileSync(file, "utf8"));
  const needed = Object.entries(packages).filter(([path, { optional, peer }]) => path && !optional && !peer);
  return JSON.stringify(needed.map(([path, { version }]) => [path, version]));
}

/** The applications beside the package as its tarball installs it. */
async function layOut(work) {
  const { installPackage } = await import("../tests/package/installed.mjs");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const name of ["app", "next-app"]) cpSync(join(FOLDER, name), join(work, name), { recursive: true });
  const manifest = { private: true, type: "module", dependencies: { "meshydb-client": "*" } };
  writeFileSync(join(work, "package.json"), JSON.stringify(manifest));
  const pack = await installPackage();
  cpSync(pack.installed, join(work, "node_modules/meshydb-client"), { recursive: true });
  await pack.remove();
}

/** Builds and runs each application; `pkg/` and the browsers are there. */
export async function platforms({ isQuick = false, only = "", writes = false } = {}) {
  if (!isQuick) await step("bundlers and runtimes", installBundlers);
  const { work } = await import("../platforms/kit.mjs");
  await layOut(work);
  const { play } = await import("../platforms/play.mjs");
  return play({ isQuick, only, writes });
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const { quick = false, only = "" } = parsed({ quick: "boolean", only: "string" });
    await build();
    await step("browsers and their drivers", setUpBrowsers);
    const { failed } = await platforms({ isQuick: quick, only, writes: !quick && !only });
    if (failed) throw new StepError(`${failed} failed.`);
  });
}
