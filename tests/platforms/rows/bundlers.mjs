import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/steps.mjs";
import { checkPage } from "../checks.mjs";
import { modules, versionOf, work } from "../kit.mjs";

const app = join(work, "app");
const main = join(app, "main.js");
const installed = join(work, "node_modules/meshydb-client/index.js");
const out = (name) => join(work, "out", name);
const bin = (name) => join(modules, ".bin", name);

const head = '<meta charset="utf-8"><title>platforms</title><link rel="icon" href="data:,">';
export const html = (...scripts) => `<!doctype html><html lang="en"><head>${head}</head>
<body>${scripts.join("\n")}</body></html>`;
export const moduleScript = '<script type="module" src="/main.js"></script>';
export const classicScript = '<script src="/main.js"></script>';

/** The application as one script. */
export async function bundled(options) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    logLevel: "error",
    ...options,
  });
  return outputFiles[0].text;
}

/** Another of the applications as a classic script. */
export const entry = (name) => bundled({ entryPoints: [join(app, name)], format: "iife" });

/** The files that a bundler has left. */
function files(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name));
  const bodies = Object.fromEntries(paths.map((path) => [path.slice(folder.length), readFileSync(path)]));
  return { ...bodies, "/": bodies["/index.html"] };
}

async function page(kit, bodies, version) {
  const browser = await checkPage(kit, await kit.serve(bodies));
  return { versions: version ? `${version}, ${browser}` : browser };
}

const esbuild = () => `esbuild ${versionOf("esbuild", join(root, "node_modules"))}`;

export async function webpack(options) {
  const { default: pack } = await import("webpack");
  const compiler = pack({ mode: "production", context: work, ...options });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats))),
  );
  await new Promise((resolve) => compiler.close(resolve));
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
}

export async function rollup(input, options) {
  const { rollup: roll } = await import("rollup");
  const { nodeResolve } = await import("@rollup/plugin-node-resolve");
  const onwarn = ({ message }) => {
    throw new Error(message);
  };
  const bundle = await roll({ input, plugins: [nodeResolve()], onwarn, ...options });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  return output[0].code;
}

export const bundlers = [
  {
    name: "esbuild, module",
    isQuick: true,
    run: async (kit) =>
      page(kit, { "/": html(moduleScript), "/main.js": await bundled({ format: "esm", minify: true }) }, esbuild()),
  },
  {
    name: "esbuild, classic script",
    isQuick: true,
    run: async (kit) =>
      page(kit, { "/": html(classicScript), "/main.js": await bundled({ format: "iife", minify: true }) }, esbuild()),
  },
  {
    name: "no bundler, import map",
    isQuick: true,
    run: (kit) => {
      const imports = JSON.stringify({ imports: { "meshydb-client": "/meshydb-client.js" } });
      const map = `<script type="importmap">${imports}</script>`;
      const sources = { "/main.js": readFileSync(main), "/use.js": readFileSync(join(app, "use.js")) };
      return page(kit, { "/": html(map, moduleScript), "/meshydb-client.js": readFileSync(installed), ...sources });
    },
  },
  {
    name: "Vite, development server",
    run: async (kit) => {
      const args = ["--host", "127.0.0.1", "--port", "0"];
      const [, site] = await kit.start(bin("vite"), args, /Local: +(http:\S+?)\/\s/, { cwd: app });
      return { versions: `Vite ${versionOf("vite")}, ${await checkPage(kit, site)}` };
    },
  },
  {
    name: "Vite, build",
    run: async (kit) => {
      await kit.run(bin("vite"), ["build", "--outDir", out("vite")], { cwd: app });
      return page(kit, files(out("vite")), `Vite ${versionOf("vite")}`);
    },
  },
  {
    name: "webpack",
    run: async (kit) => {
      await webpack({ entry: main, output: { path: out("webpack") } });
      return page(kit, { ...files(out("webpack")), "/": html(classicScript) }, `webpack ${versionOf("webpack")}`);
    },
  },
  {
    name: "Rollup",
    run: async (kit) => {
      const plugin = `node-resolve ${versionOf("@rollup/plugin-node-resolve")}`;
      const bodies = { "/": html(moduleScript), "/main.js": await rollup(main) };
      return page(kit, bodies, `Rollup ${versionOf("rollup")}, ${plugin}`);
    },
  },
  {
    name: "Parcel",
    run: async (kit) => {
      const folders = ["--dist-dir", out("parcel"), "--cache-dir", out("parcel-cache")];
      await kit.run(bin("parcel"), ["build", "index.html", ...folders], { cwd: app });
      return page(kit, files(out("parcel")), `Parcel ${versionOf("parcel")}`);
    },
  },
];
