import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../../../scripts/steps.mjs";
import { installPinned, pinnedIn } from "../pinned.mjs";

const FOLDER = import.meta.dirname;
/** MeshyDB's own SDK is in no registry any more: this is the last commit of its sources. */
const SDK = join(root, "target/peers/MeshyDB.SDK-js");
const SDK_ORIGIN = "https://github.com/yetisoftworks/MeshyDB.SDK-js";
const SDK_COMMIT = "baf55c787f1750f499f77bfc7928fe88192e58f0";

const versions = { ...pinnedIn(FOLDER), "@meshydb/sdk": "1.5.2" };

/** A package's name without its scope, and the version that is compared. */
export function titleOf(name) {
  const title = name === "@meshydb/sdk" ? name : name.split("/").at(-1);
  return `${title} ${versions[name]}`;
}

/** For the comparisons alone: the project depends on none of them. */
export function installPeers() {
  return installPinned(FOLDER);
}

export async function fetchSdk() {
  if (!existsSync(SDK)) {
    mkdirSync(join(SDK, ".."), { recursive: true });
    const hint = `Is github.com reachable? Otherwise put a clone of ${SDK_ORIGIN} into ${SDK}`;
    await run("git", ["clone", "--quiet", SDK_ORIGIN, SDK], { quiet: true, hint });
  }
  await run("git", ["-C", SDK, "checkout", "--quiet", SDK_COMMIT], { quiet: true, hint: `Remove ${SDK}` });
}

/** A module with all that it imports, the built package and other clients among it, as one script for a page. */
export async function bundled(entry, options = {}) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [entry],
    alias: {
      "meshydb-client": join(root, "pkg/index.js"),
      "meshydb-client/service-worker": join(root, "pkg/service-worker.js"),
      "@meshydb/sdk": join(SDK, "src/index.ts"),
    },
    nodePaths: [join(FOLDER, "node_modules")],
    bundle: true,
    format: "esm",
    platform: "browser",
    tsconfigRaw: {},
    write: false,
    logLevel: "error",
    ...options,
  });
  return outputFiles[0].text;
}
