import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { checkedCode } from "../shared/checked-code.mjs";
import { run } from "../shared/processes.mjs";
import { filesIn } from "../shared/projects.mjs";
import { startServers } from "./servers.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const files = Object.assign({}, ...Object.values(filesIn("docs/mcp.md")));
const ADDRESS = "https://mcp.example/mcp";

/** Opens the page in the place of a browser. */
const browser = `#!${process.execPath}
require("node:fs").appendFileSync(process.env.HOME + "/opened", process.argv[2] + "\\n");
import(${JSON.stringify(at("servers.mjs"))}).then(({ loopback }) => loopback.open(process.argv[2]));
`;

/** What is given to the transports is what they take. */
const types = `
import { type AuthProvider, type FetchLike } from "@modelcontextprotocol/client";
import { type FetchLike as FirstFetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type MeshyConnection } from "meshydb-client";
import { authorizedFetch, authProvider } from "meshydb-client/mcp";

declare const connection: MeshyConnection;
const provider: AuthProvider = authProvider(connection);
const fetches: [FetchLike, FirstFetchLike] = [authorizedFetch(connection), authorizedFetch(connection)];
console.log(provider, fetches);
`;

let servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.close());

/** The reader's folder, with more files in it. */
function placed(more) {
  const folder = mkdtempSync(join(tmpdir(), "meshydb-client-"));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(at("../../pkg"), join(modules, "meshydb-client"));
  for (const name of ["@modelcontextprotocol", "oauth4webapi"])
    symlinkSync(at(`../../node_modules/${name}`), join(modules, name));
  for (const [name, text] of Object.entries({ ...files, ...more })) writeFileSync(join(folder, name), text);
  return folder;
}

describe("docs/mcp.md", () => {
  test("has the types that it says", (t) => {
    const blocks = [...readFileSync(at("../../docs/mcp.md"), "utf8").matchAll(/^```js\n(.*?)^```$/gms)];
    const device = blocks.map(([, code]) => code).find((code) => code.includes("signInWithDevice"));
    const folder = placed({ "device.mjs": device, "types.mts": types });
    t.after(() => rmSync(folder, { recursive: true }));
    const names = [...Object.keys(files), "device.mjs", "types.mts"];
    assert.equal(names.length, blocks.length + 1);
    const program = ts.createProgram({
      rootNames: names.map((name) => join(folder, name)),
      options: { ...checkedCode, module: ts.ModuleKind.NodeNext },
    });
    const texts = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    assert.deepEqual(texts, []);
  });

  for (const tools of ["tools.mjs", "first.mjs"]) {
    describe(tools, () => {
      let folder;
      before(() => {
        assert.ok(files["session.mjs"].includes(ADDRESS));
        folder = placed({
          "session.mjs": files["session.mjs"].replace(ADDRESS, servers.mcp.url),
          "tools.mjs": files[tools],
          "change.mjs": files["main.mjs"].replace("whoami", "change"),
        });
        mkdirSync(join(folder, "bin"));
        writeFileSync(join(folder, "bin", "xdg-open"), browser, { mode: 0o755 });
      });
      after(() => rmSync(folder, { recursive: true }));

      /** What a program prints, and how many browsers were opened by now. */
      async function play(program) {
        const env = { HOME: folder, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
        const { code, stdout, stderr } = await run(process.execPath, [program], {
          cwd: folder,
          env,
        });
        assert.equal(code, 0, stderr);
        return [stdout.trim(), readFileSync(join(folder, "opened"), "utf8").split("\n").length - 1];
      }

      test("signs its user in once, and again for more scope, or where the server has forgotten it", async () => {
        assert.deepEqual(await play("main.mjs"), ["alice", 1]);
        assert.deepEqual(await play("main.mjs"), ["alice", 1]);
        assert.deepEqual(await play("change.mjs"), ["changed", 2]);
        assert.deepEqual(await play("change.mjs"), ["changed", 2]);
        servers.authorization.forget();
        servers.mcp.refused.add(servers.mcp.asked.at(-1).token);
        assert.deepEqual(await play("main.mjs"), ["alice", 3]);
        assert.deepEqual(await play("main.mjs"), ["alice", 3]);
      });
    });
  }
});
