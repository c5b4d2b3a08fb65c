import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parsed } from "../../scripts/flags.mjs";
import { setUpAll, setUpBrowsers } from "../../scripts/setup.mjs";
import { main, root, run, step } from "../../scripts/steps.mjs";
import { installPackage } from "../shared/installed.mjs";
import { work } from "./kit.mjs";
import { play } from "./play.mjs";

const FOLDER = import.meta.dirname;

/** Builds and runs each application; the last line has the counts. */
await main(async () => {
  const {
    quick: isQuick = false,
    only = "",
    write: writes = false,
  } = parsed({
    quick: "boolean",
    only: "string",
    write: "boolean",
  });
  await step("browsers and their drivers", setUpBrowsers);
  await step("Redis", () => setUpAll(["redis-server"]));
  if (!isQuick) await step("bundlers and runtimes", installBundlers);
  await layOut();
  const { passed, failed, skipped } = await play({ isQuick, only, writes: writes && !isQuick && !only });
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed) process.exitCode = 1;
});

/** Only what the long rows need: its 1.7 GB are installed when they run. No script of a package runs. */
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
async function layOut() {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const name of ["app", "next-app"]) cpSync(join(FOLDER, name), join(work, name), { recursive: true });
  const manifest = { private: true, type: "module", dependencies: { "meshydb-client": "*", redis: "*" } };
  writeFileSync(join(work, "package.json"), JSON.stringify(manifest));
  const pack = await installPackage();
  cpSync(pack.installed, join(work, "node_modules/meshydb-client"), { recursive: true });
  await pack.remove();
  for (const name of ["redis", "@redis"]) {
    symlinkSync(join(root, "node_modules", name), join(work, "node_modules", name), "dir");
  }
}
