import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/steps.mjs";
import { bundled, own, peers } from "../shared/peers/clients.mjs";
import { bundled as bundledScript } from "../shared/peers/peers.mjs";

const FOLDER = join(root, "target/bench");
const BARE = {
  name: "bare async function",
  script: 'export const open = async () => ({ token: async () => "token" });',
};
const SESSION_KEEPING = ["supabase.js", "auth0.js", "oidc-client-ts.js"];

export const bareName = BARE.name;
export const ownName = own.name;
export const floorName = "floor";
/** The others that keep sessions by themselves. */
export const keeperNames = peers.filter(({ page }) => SESSION_KEEPING.includes(page)).map(({ name }) => name);
export const keepsSessions = (name) => [ownName, floorName, ...keeperNames].includes(name);

/** A bare function, this package, and the others if they are installed: each with its minified script, also as a file. */
export async function contenders({ withPeers }) {
  mkdirSync(FOLDER, { recursive: true });
  const clients = [own, ...(withPeers ? peers : [])];
  const scripts = clients.map(async ({ name, page }) => {
    return { name, script: await bundled({ page }, { minify: true }) };
  });
  return [BARE, ...(await Promise.all(scripts))].map((contender) => {
    const file = join(FOLDER, `${contender.name.replaceAll(" ", "-")}.mjs`);
    writeFileSync(file, contender.script);
    return { ...contender, file };
  });
}

/** The least that a page can do to start: no client. */
export async function floor() {
  const module = readFileSync(join(root, "pkg/meshydb-client.wasm")).toString("base64");
  const define = { MODULE: JSON.stringify(module) };
  return {
    name: floorName,
    script: await bundledScript(join(import.meta.dirname, "floor.js"), { define, minify: true }),
  };
}

/** What the site of a contender's page serves. */
export function pageScripts({ script }) {
  const files = Object.fromEntries(["page.js", "samples.js", "tokens.js"].map((name) => [`/${name}`, textOf(name)]));
  return { ...files, "/client.js": script };
}

function textOf(name) {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
