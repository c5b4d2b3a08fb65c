import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { binaries, installPackage } from "../shared/installed.mjs";
import { run, runModule } from "../shared/processes.mjs";

const expected = [
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  ...["auto-refresh.cjs", "auto-refresh.d.cts", "auto-refresh.d.ts", "auto-refresh.js"],
  "index.cjs",
  "index.d.cts",
  "index.d.ts",
  "index.js",
  "index.workerd.js",
  ...["json.cjs", "json.d.cts", "json.d.ts", "json.js"],
  ...["mcp-peer.js", "mcp.cjs", "mcp.d.cts", "mcp.d.ts", "mcp.js"],
  "meshydb-client.wasm",
  "node.cjs",
  "node.d.cts",
  "node.d.ts",
  "node.js",
  "oauth-device-peer.js",
  "oauth-peer.js",
  "oauth.cjs",
  "oauth.d.cts",
  "oauth.d.ts",
  "oauth.js",
  "package.json",
  ...["react", "redis", "service-worker", "store-tests", "svelte", "vue"].flatMap((entry) => [
    `${entry}.cjs`,
    `${entry}.d.cts`,
    `${entry}.d.ts`,
    `${entry}.js`,
  ]),
];
let pack;
before(async () => {
  pack = await installPackage();
});
after(() => pack.remove());

describe("the tarball", () => {
  test("holds exactly these files", async () => {
    assert.deepEqual(pack.files, expected);
    assert.deepEqual((await readdir(pack.installed)).sort(), expected);
  });

  test("depends on nothing and runs nothing when it is installed", async () => {
    const manifest = JSON.parse(await readFile(join(pack.installed, "package.json"), "utf8"));
    assert.equal(manifest.name, "meshydb-client");
    const { peerDependencies, peerDependenciesMeta, ...others } = manifest;
    assert.deepEqual(peerDependencies, { oauth4webapi: "^3.8.0", react: ">=18", redis: "5 || 6", vue: ">=3.3" });
    for (const name of Object.keys(peerDependencies)) assert.deepEqual(peerDependenciesMeta[name], { optional: true });
    for (const name of Object.keys(others)) assert.doesNotMatch(name, /dependencies|scripts|bin|gypfile/i);
    assert.deepEqual(
      (await readdir(join(pack.folder, "node_modules"))).filter((name) => !name.startsWith(".")),
      ["meshydb-client"],
    );
  });

  test("has the same types for both formats, and no path of the machine that built it", async () => {
    const text = {};
    for (const name of pack.files) text[name] = await readFile(join(pack.installed, name), "utf8");
    for (const name of pack.files.filter((name) => name.endsWith(".d.ts")))
      assert.equal(text[name].replaceAll(/(index|oauth)\.js"/g, '$1.cjs"'), text[name.replace(/ts$/, "cts")]);
    for (const name of pack.files)
      assert.doesNotMatch(text[name], /\/(home|root|Users|tmp)\/|\.cargo|registry\/src/, name);
  });

  test("pleases publint", async () => {
    const { code, stdout, stderr } = await run(join(binaries, "publint"), ["--strict", pack.installed]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /All good!/);
  });

  test("pleases arethetypeswrong", async () => {
    const { code, stdout, stderr } = await run(join(binaries, "attw"), ["--format", "json", pack.tarball]);
    assert.equal(code, 0, stdout + stderr);
    const { analysis, problems } = JSON.parse(stdout);
    assert.equal(analysis.packageName, "meshydb-client");
    assert.equal(analysis.types.kind, "included");
    assert.deepEqual(Object.values(problems ?? {}).flat(), []);
  });
});

describe("an import", () => {
  const formats = {
    "as a module": (code) => runModule(imported(code, "await import"), inPackage()),
    "through require": (code) =>
      run(
        process.execPath,
        ["--input-type=commonjs", "--eval", `(async () => {${imported(code, "require")}})()`],
        inPackage(),
      ),
  };
  function imported(code, how) {
    return code.replace(/@import(\/\w+)?/g, (_, entry = "") => `${how}("meshydb-client${entry}")`);
  }
  function inPackage() {
    return { cwd: pack.folder };
  }

  for (const [what, runIn] of Object.entries(formats)) {
    test(`${what} touches no page, makes no request, compiles nothing and starts nothing`, async () => {
      const { code, stdout, stderr } = await runIn(`
        const touched = [];
        const names = ["window", "document", "self", "localStorage", "sessionStorage", "indexedDB", "navigator", "location"];
        for (const name of names) {
          Object.defineProperty(globalThis, name, {
            configurable: true,
            get() {
              touched.push(name);
              return undefined;
            },
          });
        }
        globalThis.fetch = () => touched.push("fetch");
        for (const name of ["setTimeout", "setInterval", "queueMicrotask"]) {
          globalThis[name] = new Proxy(globalThis[name], {
            apply(target, self, args) {
              if (new Error().stack.includes("meshydb-client")) touched.push(name);
              return Reflect.apply(target, self, args);
            },
          });
        }
        for (const name of ["Module", "Instance", "Memory", "compile", "instantiate"]) {
          const touch = (way) => (...args) => {
            touched.push("WebAssembly." + name);
            return Reflect[way](...args);
          };
          WebAssembly[name] = new Proxy(WebAssembly[name], { construct: touch("construct"), apply: touch("apply") });
        }
        const { initialize } = @import;
        await null;
        const imported = touched.splice(0);
        await initialize("demo", "key", { fetch: () => {} });
        console.log(JSON.stringify({ imported, initialised: touched.filter((name) => /^[A-Z]/.test(name)) }));
      `);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.deepEqual(JSON.parse(stdout), {
        imported: [],
        initialised: ["WebAssembly.compile", "WebAssembly.instantiate"],
      });
    });

    test(`${what} has a file store whose errors are the package's own`, async () => {
      const { code, stdout, stderr } = await runIn(`
        const { initialize, MeshyError } = @import;
        const { fileStore } = @import/node;
        const persistence = fileStore("store");
        const client = await initialize("demo", "key", { persistence, fetch: () => {} });
        console.log(await client.restore(), client.getSnapshot().storage);
        try {
          fileStore("");
        } catch (error) {
          console.log(error instanceof MeshyError, error.constructor === MeshyError, error.message);
        }
      `);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const message = "invalid_argument: path must be that of a folder, without a NUL";
      assert.equal(stdout, `null ok\ntrue true ${message}\n`);
    });

    test(`${what} of an entry whose peer is missing works, and its first call says what to install`, async () => {
      const { code, stdout, stderr } = await runIn(`
        const { MeshyError } = @import;
        const { createClient } = @import/oauth;
        const tool = @import/mcp;
        const tell = (error) => console.log(error instanceof MeshyError, error.message);
        await createClient({ issuer: "https://auth.example", clientId: "app" }).catch(tell);
        await tool.createClient({ url: "https://mcp.example" }).catch(tell);
      `);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const advice = "oauth4webapi is missing: npm install oauth4webapi@3";
      assert.equal(stdout, `true unsupported: ${advice}\n`.repeat(2));
    });

    for (const [how, prepare] of [
      ["is missing", "delete globalThis.WebAssembly;"],
      ["is undefined", "globalThis.WebAssembly = undefined;"],
      ["refuses to compile", "WebAssembly.compile = async () => { throw new WebAssembly.CompileError('no'); };"],
    ]) {
      test(`${what} works where WebAssembly ${how}, and initialize says what is wrong`, async () => {
        const { code, stdout, stderr } = await runIn(`
          ${prepare}
          const { initialize, MeshyError } = @import;
          for (const promise of [initialize("demo", "key"), initialize("demo", "key").login("u", "p")]) {
            await promise.then(
              () => console.log("resolved"),
              (error) => {
                const { name, code, retryable, cause } = error;
                console.log(JSON.stringify([name, error instanceof MeshyError, code, retryable, cause instanceof Error]));
              },
            );
          }
        `);
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        assert.equal(stdout, '["MeshyError",true,"unsupported",false,true]\n'.repeat(2));
      });
    }

    test(`${what} works where there is no fetch, and initialize says so`, async () => {
      const { code, stdout, stderr } = await runIn(`
        delete globalThis.fetch;
        const { initialize } = @import;
        await initialize("demo", "key").catch(({ code }) => console.log(code));
        await initialize("demo", "key", { fetch: () => {} });
      `);
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "unsupported\n", stderr: "" });
    });
  }

  test("works under a policy that forbids to compile, and initialize says what is wrong", async () => {
    const { code, stdout, stderr } = await runModule(
      `
      import { readFileSync } from "node:fs";
      import vm from "node:vm";
      const text = readFileSync("node_modules/meshydb-client/index.cjs", "utf8");
      const module = { exports: {} };
      const { TextDecoder, TextEncoder, URL, crypto, fetch, performance, queueMicrotask, setTimeout } = globalThis;
      const platform = { TextDecoder, TextEncoder, URL, crypto, fetch, performance, queueMicrotask, setTimeout };
      const policy = { codeGeneration: { strings: false, wasm: false } };
      vm.runInNewContext(text, { module, exports: module.exports, ...platform }, { contextCodeGeneration: policy.codeGeneration });
      await module.exports.initialize("demo", "key").catch(({ code, cause }) => console.log(code, cause.name));
      `,
      inPackage(),
    );
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "unsupported CompileError\n", stderr: "" });
  });

  test("works without eval", async () => {
    const { code, stdout, stderr } = await runModule(
      `
      import { initialize } from "meshydb-client";
      console.log((await initialize("demo", "key")).getSnapshot().storage);
      `,
      { ...inPackage(), flags: ["--disallow-code-generation-from-strings"] },
    );
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "none\n", stderr: "" });
  });
});
