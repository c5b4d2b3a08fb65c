import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./steps.mjs";

export const template = join(root, "pkg-template");

/** What an application can import, by room of pkg-template. The published package is flat. */
const ROOMS = {
  core: ["index"],
  fetches: ["json"],
  grants: ["mcp", "oauth"],
  stores: ["node", "redis", "service-worker", "store-tests"],
  bindings: ["auto-refresh", "react", "svelte", "vue"],
};

/** Published as it is: a module of its own, which an entry imports when it is used, because of what it imports itself. */
export const peerModules = ["mcp-peer", "oauth-device-peer", "oauth-peer"].map((name) =>
  join(template, `grants/${name}.js`),
);

export const entries = Object.values(ROOMS).flat();

/** The source of an entry, or with `d.ts` its types. */
export function sourceOf(entry, ending = "js") {
  const [room] = Object.entries(ROOMS).find(([, names]) => names.includes(entry));
  return join(template, room, `${entry}.${ending}`);
}

/** The types of an entry, as they are published. */
export function typesOf(entry) {
  return readFileSync(sourceOf(entry, "d.ts"), "utf8").replaceAll('"../core/index.js"', '"./index.js"');
}
