import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../scripts/steps.mjs";

const PEERS = join(root, "target/race");
const { version } = JSON.parse(readFileSync(join(root, "pkg/package.json"), "utf8"));

/**
 * A client's page module exports `open({ url, timeout })`: it goes on with the session that is stored, or signs in, and
 * resolves to `token()` and `signOut()`.
 */
export const own = { name: `meshydb-client ${version}`, page: "meshydb-client.js" };

export const peers = [
  { name: "auth-js 2.119.1", page: "supabase.js", package: "@supabase/auth-js@2.119.1" },
  { name: "oidc-client-ts 3.5.0", page: "oidc-client-ts.js", package: "oidc-client-ts@3.5.0" },
  { name: "keycloak-js 26.2.4", page: "keycloak-js.js", package: "keycloak-js@26.2.4" },
  { name: "oauth2-client 3.3.1", page: "badgateway.js", package: "@badgateway/oauth2-client@3.3.1" },
];

/** For this comparison alone: the project depends on none of them. */
export async function installPeers() {
  mkdirSync(PEERS, { recursive: true });
  writeFileSync(join(PEERS, "package.json"), '{ "private": true }');
  const packages = peers.map((peer) => peer.package);
  const hint = "Is the npm registry reachable?";
  const flags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", ...flags, ...packages], { cwd: PEERS, quiet: true, hint });
}

/** The page module with all that it imports, as one script. */
export async function bundled({ page }) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(root, "race/clients", page)],
    alias: { "meshydb-client": join(root, "pkg/index.js") },
    nodePaths: [join(PEERS, "node_modules")],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
}
