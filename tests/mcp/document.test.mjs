import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
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

let servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.close());

describe("docs/mcp.md", () => {
  for (const tools of ["tools.mjs", "first.mjs"]) {
    describe(tools, () => {
      let folder;
      before(() => {
        folder = mkdtempSync(join(tmpdir(), "meshydb-client-"));
        const bin = join(folder, "bin");
        mkdirSync(bin);
        writeFileSync(join(bin, "xdg-open"), browser, { mode: 0o755 });
        const modules = join(folder, "node_modules");
        mkdirSync(modules);
        symlinkSync(at("../../pkg"), join(modules, "meshydb-client"));
        for (const name of ["@modelcontextprotocol", "oauth4webapi"])
          symlinkSync(at(`../../node_modules/${name}`), join(modules, name));
        assert.ok(files["session.mjs"].includes(ADDRESS));
        writeFileSync(join(folder, "session.mjs"), files["session.mjs"].replace(ADDRESS, servers.mcp.url));
        writeFileSync(join(folder, "tools.mjs"), files[tools]);
        writeFileSync(join(folder, "main.mjs"), files["main.mjs"]);
        writeFileSync(join(folder, "change.mjs"), files["main.mjs"].replace("whoami", "change"));
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

      test("signs its user in once, and again for more scope, or where the session or the program is forgotten", async () => {
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
