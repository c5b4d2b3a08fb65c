import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { build } from "esbuild";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";

const pkg = join(import.meta.dirname, "../../pkg");
const html = `<!doctype html><html lang="en"><title>React</title><link rel="icon" href="data:,"><body>
  <div id="root"></div><script type="module" src="/page.js"></script>`;
let script;

before(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "react-page.jsx")],
    alias: { "meshydb-client/react": join(pkg, "react.js"), "meshydb-client": join(pkg, "index.js") },
    define: { "process.env.NODE_ENV": '"development"' },
    bundle: true,
    format: "esm",
    jsx: "automatic",
    jsxDev: false,
    write: false,
    logLevel: "warning",
  });
  script = outputFiles[0].text;
});

inOneBrowserAtLeast((browser) => {
  /** The page, which says what it shows. */
  async function open(t) {
    const site = await startSite({ "/": html, "/page.js": script }, "script-src 'self' 'wasm-unsafe-eval'");
    t.after(() => site.close());
    const { page, problems } = await newTab(await newContext(t, browser()), site.url);
    await until(page, () => window.play);
    return {
      problems,
      play: (name) => page.evaluate(async (act) => void (await window.play[act]()), name),
      ask: (name) => page.evaluate((what) => window.play[what](), name),
      click: () => page.evaluate(() => document.querySelector("button").click()),
      shows: (text) => until(page, (wanted) => document.querySelector("#root").textContent === wanted, text),
    };
  }

  test("useClient of a promise follows its client in StrictMode, and says why there is none", async (t) => {
    const { play, ask, shows, problems } = await open(t);
    await play("opening");
    await shows("ready");
    await play("signIn");
    await shows("ready, signed in, active");
    await play("signOut");
    await shows("ready");
    assert.deepEqual(await ask("shown"), ["not ready", "ready", "ready, signed in, active", "ready"]);
    await play("failing");
    await shows("not ready, timeout");
    assert.deepEqual(await ask("shown"), ["not ready", "not ready, timeout"]);
    assert.deepEqual(problems, []);
  });

  test("a client that was disposed of is rendered as not ready, and the next one takes its place", async (t) => {
    const { play, shows, problems } = await open(t);
    await play("opening");
    await play("signIn");
    await shows("ready, signed in, active");
    await play("dispose");
    await play("again");
    await shows("not ready");
    await play("another");
    await shows("ready");
    await play("signIn");
    await shows("ready, signed in, active");
    await play("leave");
    await shows("");
    assert.deepEqual(problems, []);
  });

  test("a component may dispose of its client in the cleanup of an effect that StrictMode repeats", async (t) => {
    const { play, ask, shows, problems } = await open(t);
    await play("owning");
    await shows("ready");
    assert.deepEqual(await ask("disposed"), [true, false]);
    await play("leave");
    await shows("");
    assert.deepEqual(await ask("disposed"), [true, true]);
    assert.deepEqual(problems, []);
  });

  test("Fast Refresh of a component leaves it its client", async (t) => {
    const { play, click, shows, problems } = await open(t);
    await play("counting");
    await shows("version 1, count 0, ready");
    await click();
    await play("signIn");
    await shows("version 1, count 1, ready, signed in");
    await play("refresh");
    await shows("version 2, count 1, ready, signed in");
    await play("signOut");
    await shows("version 2, count 1, ready");
    assert.deepEqual(problems, []);
  });
});
