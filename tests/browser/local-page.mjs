import { fileURLToPath } from "node:url";
import { bundle } from "../../scripts/build.mjs";
import { startSite } from "../shared/site.mjs";

const entry = `
  import { Local } from "./local.js";
  import { load } from "./load.js";
  import { compile } from "./module.js";
  import * as register from "./register.js";

  load(compile);
  Object.assign(globalThis, { Local, register });
`;

/** The store behind `persistence: "local"` as it ships, on a page of its own: `window.Local`, and the register in it. */
export async function startLocalSite() {
  const resolveDir = fileURLToPath(new URL("../../pkg-template/core", import.meta.url));
  const { outputFiles } = await bundle({
    entryPoints: [],
    stdin: { contents: entry, resolveDir },
    format: "esm",
    write: false,
  });
  return startSite(
    { "/page.js": `${outputFiles[0].text}\nwindow.isReady = true;` },
    "script-src 'self' 'wasm-unsafe-eval'",
  );
}
