import { join } from "node:path";
import { openBrowser } from "../browser.mjs";
import { checkRefusal } from "../checks.mjs";
import { work } from "../kit.mjs";
import { bundled, classicScript, html } from "./bundlers.mjs";

const main = join(work, "app/main.js");
/** What an old or a curbed browser lacks, and what the error must name. */
const lacks = {
  "FinalizationRegistry, WeakRef": /FinalizationRegistry/,
  WebAssembly: /WebAssembly|'Module'/,
  fetch: /fetch/,
};

/** A browser in which something is missing before the application starts. */
export const lacking = Object.entries(lacks).map(([names, says]) => ({
  name: `no ${names.replace(",", " and no")}`,
  run: async (kit) => {
    const removed = names.split(", ").map((name) => `delete globalThis.${name};`);
    const script = await bundled({ entryPoints: [main], format: "iife", banner: { js: removed.join("\n") } });
    const site = await kit.serve({ "/": html(classicScript), "/main.js": script });
    const server = await kit.server();
    const { version, resultOf } = await openBrowser(kit);
    checkRefusal(await resultOf(`${site}?${server.url}`), server, says);
    return { versions: version, result: "`unsupported`" };
  },
}));
