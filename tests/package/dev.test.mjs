import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { initializeWithTenant } from "../../pkg/index.js";
import { binaries, devFolder, installPackage } from "../shared/installed.mjs";
import { endWithUs, run, runModule } from "../shared/processes.mjs";

const modules = new URL("../../node_modules/", import.meta.url);
let pack;
let stub;
/** oidc-provider is not installed but linked: a package of that name which hands on the one of this repository. */
before(async () => {
  stub = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  const entry = new URL("oidc-provider/lib/index.js", modules).href;
  const stubbed = { name: "oidc-provider", version: "8.8.1", type: "module", exports: "./index.js" };
  await writeFile(join(stub, "package.json"), JSON.stringify(stubbed));
  await writeFile(join(stub, "index.js"), `export { default } from "${entry}";\nexport * from "${entry}";\n`);
  pack = await installPackage({ source: devFolder, manifest: { overrides: { "oidc-provider": `file:${stub}` } } });
});
after(() => Promise.all([pack.remove(), rm(stub, { recursive: true })]));

describe("the packed development server", () => {
  test("has these files", () => {
    assert.deepEqual(pack.files, [
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "authorization-server.mjs",
      "chaos-clock.mjs",
      "chaos-processes.mjs",
      "chaos-report.mjs",
      "chaos-strikes.mjs",
      "chaos-world.mjs",
      "chaos.mjs",
      "command-line.mjs",
      "dice.mjs",
      "fault-answers.mjs",
      "fault-settings.mjs",
      "faults.mjs",
      "html.mjs",
      "http.mjs",
      "index.d.ts",
      "index.mjs",
      "main.mjs",
      "oidc-provider.mjs",
      "options.mjs",
      "package.json",
      "protected-api.mjs",
      "provider.mjs",
      "seed.mjs",
      "sign-in-pages.mjs",
      "sign-in.mjs",
      "table.mjs",
      "token-store.mjs",
    ]);
  });

  test("is imported by its name", async () => {
    const script = `
      import { accounts, faultNames, startAuthorizationServer, users } from "meshydb-client-dev";
      const server = await startAuthorizationServer({ faults: [{ name: "hang", times: 2 }] });
      console.log(accounts.length, users.length, faultNames.length, JSON.stringify(server.faults));
      await server.close();`;
    const { stdout, stderr } = await runModule(script, { cwd: pack.folder });
    assert.deepEqual({ stdout, stderr }, { stdout: '2 4 16 [{"name":"hang","times":2}]\n', stderr: "" });
  });

  test("has the types that it says", async () => {
    const source = `
      import { faultNames, startAuthorizationServer, type Faults } from "meshydb-client-dev";
      const server = await startAuthorizationServer({ reuseWindow: 30, log: ({ fault, status }) => void [fault, status] });
      const faults: Faults = [{ name: "delay", times: 1, milliseconds: 5 }];
      server.setFaults(faults);
      server.setFaults({ seed: 1, rate: 0.5, names: faultNames, origin: server.url });
      // @ts-expect-error: where does it lead?
      server.setFaults([{ name: "redirect" }]);
      // @ts-expect-error: no such fault
      server.setFaults([{ name: "sunshine" }]);
      await server.close();`;
    await writeFile(join(pack.folder, "types.mts"), source);
    const args = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "types.mts"];
    const { code, stdout } = await run(join(binaries, "tsc"), args, { cwd: pack.folder });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
  });
});

describe("meshydb-client-dev", () => {
  test("logs a user in, with a fault on the way, and ends with Ctrl+C", async () => {
    const server = start("--port", "0", "--user", "alice:open:sesame", "--tenant", "blue", "--fault", "unavailable:1");
    const [, url] = await server.line(/^authorization server {2}(.*)$/);
    await server.line(/^Stop with Ctrl\+C\.$/);
    const client = await initializeWithTenant("demo", "blue", "demo-public-key", { authUrl: url });
    await assert.rejects(client.login("alice", "open:sesame"), { code: "unavailable" });
    await server.line(/^503 \/demo\/connect\/token {2}password, tenant blue, fault unavailable$/);
    const connection = await client.login("alice", "open:sesame");
    await server.line(/^200 \/demo\/connect\/token {2}password, tenant blue$/);
    const rejected = await connection.getAccessToken();
    assert.notEqual(await connection.getAccessToken({ rejected }), rejected);
    await server.line(/^200 \/demo\/connect\/token {2}refresh_token, tenant blue$/);
    server.child.kill("SIGINT");
    assert.deepEqual(await server.closed, [0, null]);
    assert.equal(server.errors(), "");
  });

  test("says what to do when its port is taken", async () => {
    const server = start("--port", "0");
    const [, port] = await server.line(/^authorization server .*:(\d+)$/);
    const { code, stderr } = await command("--port", port);
    const advice = "stop what listens there, or choose another one with --port (0: any)";
    assert.deepEqual({ code, stderr }, { code: 1, stderr: `port ${port} is in use: ${advice}\n` });
    server.child.kill("SIGTERM");
    await server.closed;
  });

  test("lists its options", async () => {
    const { code, stdout } = await command("--help");
    assert.equal(code, 0);
    const listed = [...stdout.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name);
    assert.deepEqual(listed, [
      "port",
      "user",
      "account",
      "tenant",
      "access-token-lifetime",
      "refresh-token-lifetime",
      "reuse-window",
      "fault",
      "chaos",
      "sign-in",
      "rounds",
      "processes",
      "seed",
      "help",
    ]);
  });

  const wrong = [
    [["--prot", "1"], "Unknown option '--prot'"],
    [["--port", "http"], '--port must be a whole number from 0 to 65535, not "http"'],
    [["--access-token-lifetime", "0"], '--access-token-lifetime must be a whole number from 1 to 1000000000, not "0"'],
    [["--user", "alice"], '--user must be NAME:PASSWORD, not "alice"'],
    [["--account", "mine:key"], "--account and --tenant want a --user NAME:PASSWORD beside them"],
    [["--fault", "delay:x"], '--fault delay:x: times must be a whole number of 1 or more, not "x"'],
    [
      ["--fault", "redirect:1"],
      '--fault redirect:1: origin must be an origin such as "http://127.0.0.1:9000", not undefined',
    ],
    [["--chaos", "monkeys"], '--chaos must be agents, not "monkeys"'],
    [["--chaos", "agents"], "--chaos agents wants a command: write it after --, as at a prompt"],
    [["--chaos", "agents", "--fault", "hang", "--", "true"], "--chaos sets the faults: leave out --fault"],
    [["--chaos", "agents", "--rounds", "0", "--", "true"], '--rounds must be a whole number from 1 to 100000, not "0"'],
    [["--rounds", "5"], "--rounds is for --chaos agents"],
    [["--", "true"], '"true" after -- is for --chaos agents'],
    [
      ["--fault", "hang,retry_after=1"],
      "--fault hang,retry_after=1: retry_after is unknown here: there is name, times",
    ],
  ];
  for (const [args, message] of wrong) {
    test(`says what is wrong with ${args.join(" ")}`, async () => {
      const { code, stderr } = await command(...args);
      assert.deepEqual({ code, stderr }, { code: 1, stderr: `${message}\n--help lists the options\n` });
    });
  }
});

function command(...args) {
  return run("npx", ["--no", "--", "meshydb-client-dev", ...args], { cwd: pack.folder });
}

/** The program itself, so that it is what a signal reaches. */
function start(...args) {
  const child = spawn(join(pack.folder, "node_modules/.bin/meshydb-client-dev"), args, { cwd: pack.folder });
  endWithUs(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    closed: once(child, "close"),
    errors: () => errors,
    /** What the pattern finds in the next line that it fits. */
    async line(pattern) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`it ended without ${pattern}: ${errors}`);
        const found = pattern.exec(value);
        if (found) return found;
      }
    },
  };
}
