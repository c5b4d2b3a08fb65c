import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { browserIn } from "./browser.mjs";
import { setUpTool } from "./tool.mjs";

/** The server of `npm start`. */
const STARTED = "http://127.0.0.1:8081";

let tool;
let example;
before(async () => {
  tool = await setUpTool();
  ({ example } = tool);
});
beforeEach(() => {
  tool.begin();
  tool.env.PATH = browserIn(tool.home);
});
afterEach(() => tool.stop());
after(() => example.remove());

const atOurs = (text) => text.replaceAll(STARTED, new URL(example.issuer).origin);

describe("README.md of the command-line tool", { skip: process.platform !== "linux", timeout: 60_000 }, () => {
  test("has commands that do what it says, at the server of npm start", async () => {
    const readme = readFileSync(example.path("README.md"), "utf8");
    const [, block] = /^```sh\n(npm install.*?)^```$/ms.exec(readme);
    const profiles = readFileSync(example.path("profiles.mjs"), "utf8");
    const [, server] = /const SERVER = (\{.*?\});/s.exec(profiles);
    const own = new Function(`return ${atOurs(server)}`)();
    tool.settle({ default: own, work: own });
    const commands = block.split("\n").filter((line) => line.includes("node meshy.mjs"));
    const told = [];
    for (const line of commands) {
      const script = atOurs(line).replaceAll("node meshy.mjs", `${process.execPath} ${tool.path}`);
      const { code, stdout, stderr } = await tool.invoke(["-c", script], { command: "bash" }).ended;
      assert.equal(code, 0, `${line}: ${stderr}`);
      told.push(stdout.trim());
    }
    const expected = commands.flatMap((line) => /# prints (.*)$/.exec(line)?.[1] ?? []);
    assert.ok(expected.length > 2);
    for (const text of expected) assert.ok(told.includes(text), text);
  });
});
