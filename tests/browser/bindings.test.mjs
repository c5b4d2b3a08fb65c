import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { installPackage } from "../shared/installed.mjs";
import { startSite } from "../shared/site.mjs";
import { newAuthorizationServer } from "./servers.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = {
  React: { folder: "react", main: "main.jsx", server: "server.jsx" },
  Vue: { folder: "vue", main: "main.js", server: "server.js" },
  Svelte: { folder: "svelte", main: "main.js" },
};
const pages = {};
let pack;

before(async () => {
  pack = await installPackage();
  await cp(join(root, "examples"), join(pack.folder, "examples"), { recursive: true });
  for (const [name, { folder, main, server }] of Object.entries(examples)) {
    const { outputFiles } = await bundle(`${folder}/${main}`, { write: false, conditions: ["browser"] });
    const html = server ? await rendered(`${folder}/${server}`) : "";
    pages[name] = {
      "/": `<!doctype html><html lang="en"><title>${name}</title><link rel="icon" href="data:,"><body>
        <div id="root">${html}</div><script src="/settings.js"></script><script type="module" src="/page.js"></script>`,
      "/page.js": outputFiles[0].text,
    };
  }
});
after(() => pack.remove());

/** What a bundler's plugin does for these frameworks. */
const compilers = {
  name: "compilers",
  setup({ onLoad, initialOptions }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, "utf8"), { filename: path });
      const templateOptions = { ssr: initialOptions.platform === "node", ssrCssVars: [] };
      return { contents: compileScript(descriptor, { id: "app", inlineTemplate: true, templateOptions }).content };
    });
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => ({
      contents: compile(await readFile(path, "utf8"), { filename: path, generate: "client" }).js.code,
    }));
  },
};

function bundle(entry, options) {
  return build({
    absWorkingDir: pack.folder,
    entryPoints: [join(pack.folder, "examples", entry)],
    nodePaths: [join(root, "node_modules")],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: {
      "process.env.NODE_ENV": '"development"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
    },
    logLevel: "warning",
    plugins: [compilers],
    ...options,
  });
}

/** What a server sends for a page that it knows nothing of. */
async function rendered(entry) {
  const outfile = join(pack.folder, `${entry}.mjs`);
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  await bundle(entry, { outfile, platform: "node", banner });
  const { render } = await import(pathToFileURL(outfile));
  return render();
}

/** Notes what is shown from the first moment on. */
function watchShown() {
  window.shown = [];
  const look = () => {
    const what = document.querySelector("form") ? "form" : document.querySelector("section") ? "user" : "nothing";
    if (window.shown.at(-1) !== what) window.shown.push(what);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

inOneBrowserAtLeast((browser) => {
  for (const name of Object.keys(examples)) {
    test(`the example in ${name} signs in and out in two tabs, and shows no form to who is signed in`, async (t) => {
      const server = await newAuthorizationServer(t);
      const settings = `settings = ${JSON.stringify({ authUrl: server.url, apiUrl: `${server.url}/api` })};`;
      const site = await startSite(
        { ...pages[name], "/settings.js": settings },
        "script-src 'self' 'wasm-unsafe-eval'",
      );
      t.after(() => site.close());
      const context = await newContext(t, browser());
      const open = () => newTab(context, site.url, watchShown);
      const [one, other] = [await open(), await open()];
      const has = (page, selector) => until(page, (wanted) => document.querySelector(wanted), selector);
      const click = (page, selector) => page.evaluate((wanted) => document.querySelector(wanted).click(), selector);

      await has(other.page, "form");
      await other.page.type("[name=username]", "carol");
      await other.page.type("[name=password]", "wrong");
      await click(other.page, "[type=submit]");
      await has(other.page, "[role=alert]");
      await other.page.$eval("[name=password]", (field) => field.select());
      await other.page.type("[name=password]", "acme-secret");
      await click(other.page, "[type=submit]");
      for (const { page } of [one, other]) await has(page, "section");

      await click(other.page, "section button");
      await until(other.page, () => document.querySelector("#user").textContent === "carol");
      assert.equal(await other.page.$eval("output", ({ textContent }) => textContent), "1");

      await one.page.reload();
      await has(one.page, "section");
      assert.deepEqual(await one.page.evaluate(() => window.shown), ["nothing", "user"]);

      await click(other.page, "section button:last-child");
      for (const { page } of [one, other]) await has(page, "form");
      assert.equal(server.count("token"), 2);
      const problems = [...one.problems, ...other.problems];
      assert.deepEqual(
        problems.filter((problem) => !/status of 400/.test(problem)),
        [],
      );
    });
  }
});
