import { join } from "node:path";
import { openOldChromium, showsResult } from "../browser.mjs";
import { checkPage } from "../checks.mjs";
import { modules } from "../kit.mjs";
import { classicScript, entry, html } from "./bundlers.mjs";

/** Those that packages for servers bring, for Linux on x64 alone. */
const CHROMIUMS = [103, 113, 115];
const page = html(showsResult, classicScript);

/** Each kind of page on a site of its own. */
async function checkSites(kit, browser) {
  const main = { "/": page, "/main.js": await entry("main.js") };
  await checkPage(kit, await kit.serve(main), { browser });
  const worker = { "/": page, "/main.js": await entry("worker-page.js"), "/worker.js": await entry("worker.js") };
  for (const kind of ["dedicated", "service"]) {
    await checkPage(kit, await kit.serve(worker), { browser, hash: `#${kind}`, hasDocument: false });
  }
}

export const oldest = CHROMIUMS.map((major) => ({
  name: `Chromium ${major}: page, dedicated worker, service worker`,
  run: async (kit) => {
    if (`${process.platform} ${process.arch}` !== "linux x64") {
      return { result: "not tested: there is no binary for this machine" };
    }
    const browser = await openOldChromium(kit, join(modules, `chromium-${major}`, "bin/chromium.br"));
    await checkSites(kit, browser);
    return { versions: browser.version };
  },
}));
