import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import ts from "typescript";
import { checkedCode } from "../shared/checked-code.mjs";
import { startOpenIdServer } from "../shared/openid-server.mjs";
import { filesIn } from "../shared/projects.mjs";
import { browserIn, confirmDevice } from "./browser.mjs";
import { says, setUpTool } from "./tool.mjs";

const files = Object.assign({}, ...Object.values(filesIn("docs/tool.md")));
const STARTED = "http://127.0.0.1:8081";
const document = readFileSync(new URL("../../docs/tool.md", import.meta.url), "utf8");

let tool;
let example;
let folder;
before(async () => {
  tool = await setUpTool();
  ({ example } = tool);
});
beforeEach(() => {
  tool.begin();
  tool.env.PATH = browserIn(tool.home);
  place((text) => text.replaceAll(STARTED, new URL(example.issuer).origin));
});
afterEach(() => tool.stop());
after(() => example.remove());

/** Puts the document's files into a folder, each with what `change` makes of it. */
function place(change) {
  folder = join(tool.home, "tool");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), change(text));
}

const invoke = (name, ...args) => tool.invoke(args, { program: [join(folder, name)] });
const play = (...args) => invoke(...args).ended;
const outputOf = async (...args) => {
  const { code, stdout, stderr } = await play(...args);
  assert.equal(code, 0, stderr);
  return stdout;
};

describe("docs/tool.md", { skip: process.platform !== "linux", timeout: 60_000 }, () => {
  test("has the types that it says", () => {
    const names = Object.keys(files);
    assert.equal(names.length, [...document.matchAll(/^```js$/gm)].length);
    const program = ts.createProgram({
      rootNames: names.map((name) => join(folder, name)),
      options: { ...checkedCode, module: ts.ModuleKind.NodeNext },
    });
    const texts = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    assert.deepEqual(texts, []);
  });

  test("signs its user in once, for every process, with one refresh for all of them, and out again", async () => {
    const notSignedIn = { code: 3, stdout: "", stderr: "Not signed in: node login.mjs\n" };
    assert.deepEqual(await play("whoami.mjs"), notSignedIn);
    assert.equal(await outputOf("login.mjs"), "Signed in.\n");
    assert.equal(await outputOf("whoami.mjs"), "alice\n");
    example.expire();
    const told = await Promise.all(Array.from({ length: 8 }, () => outputOf("whoami.mjs")));
    assert.deepEqual(new Set(told), new Set(["alice\n"]));
    assert.equal(await tool.ask((await outputOf("token.mjs")).trim()), 200);
    assert.equal(JSON.parse(await outputOf("call.mjs", "me")).username, "alice");
    assert.equal(await outputOf("logout.mjs"), "Signed out.\n");
    assert.deepEqual(await play("call.mjs", "me"), notSignedIn);
    const grants = ["authorization_code", "refresh_token"].map((grant) => [grant, 200]);
    assert.deepEqual(example.grants(), grants);
  });

  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    test(`keeps the session through ${signal} in the middle of a refresh`, async () => {
      const { line } = example;
      place((text) =>
        text
          .replaceAll("issuer:", "tokenEndpoint:")
          .replace("8081/demo", "8081/demo/connect/token")
          .replaceAll(STARTED, line.url),
      );
      const login = `import { client } from "./session.mjs";\nawait client.login("alice", "wonderland");\n`;
      writeFileSync(join(folder, "password.mjs"), login);
      await outputOf("password.mjs");
      example.expire();
      const answer = line.hold("POST", { isAnswer: true });
      const { child, said, ended } = invoke("call.mjs", "me");
      await answer.arrived;
      child.kill(signal);
      await said;
      answer.release();
      assert.deepEqual({ ...(await ended), stderr: "" }, { code, stdout: "", stderr: "" });
      assert.deepEqual(await play("whoami.mjs"), says("alice"));
      assert.deepEqual(example.grants().slice(1), [["refresh_token", 200]]);
    });
  }

  test("signs in at another device", async (t) => {
    const server = await startOpenIdServer({ appUrl: "https://app.example/" });
    t.after(() => server.close());
    place((text) =>
      text
        .replace(`${STARTED}/demo`, server.url)
        .replace("demo-public-key", "my-app")
        .replace("meshy.api", "openid")
        .replace(`${STARTED}/api/demo`, `${server.url}/api`),
    );
    const { said, ended } = invoke("device.mjs");
    const [, url, userCode] = /^Open (\S+) and enter (\S+)\n$/.exec(await said);
    await confirmDevice(url, userCode);
    assert.deepEqual({ ...(await ended), stderr: "" }, says("Signed in."));
    assert.equal(JSON.parse(await outputOf("call.mjs", "me")).user, "alice");
  });
});
