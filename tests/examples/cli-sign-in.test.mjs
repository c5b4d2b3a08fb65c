import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startOpenIdServer } from "../shared/openid-server.mjs";
import { browserIn, confirmDevice } from "./browser.mjs";
import { notLoggedIn, password, says, setUpTool } from "./tool.mjs";

const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";

let tool;
let example;
before(async () => {
  tool = await setUpTool();
  ({ example } = tool);
});
beforeEach(() => {
  tool.begin({ members: { tokenEndpoint: undefined, revocationEndpoint: undefined, issuer: example.issuer } });
  tool.env.PATH = browserIn(tool.home);
});
afterEach(() => tool.stop());
after(() => example.remove());

describe("a login in the browser", { skip: process.platform !== "linux", timeout: 60_000 }, () => {
  test("keeps its user logged in", async () => {
    const { code, stdout, stderr } = await tool.meshy("login");
    assert.deepEqual([code, stdout], [0, "Logged in.\n"]);
    assert.match(stderr, /^Open http:\S+\/connect\/authorize\?\S+\n$/);
    example.expire();
    assert.deepEqual(await tool.meshy("whoami"), says("alice"));
    const grants = ["authorization_code", "refresh_token"].map((grant) => [grant, 200]);
    assert.deepEqual(example.grants(), grants);
  });

  test("that is denied changes nothing", async () => {
    await tool.login();
    const { code, stderr } = await tool.invoke(["login"], { env: { ANSWER: "deny" } }).ended;
    assert.equal(code, 4);
    assert.match(stderr, /\nmeshy: the sign-in was denied\n$/);
    assert.deepEqual(await tool.meshy("whoami"), says("alice"));
  });

  test("says what to do where there is no browser, and waits for it until it is ended", async () => {
    const { child, ended } = tool.invoke(["login"], { env: { PATH: tool.home } });
    let stderr = "";
    for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
      stderr += chunk;
      if (stderr.includes("--no-browser")) break;
    }
    assert.match(
      stderr,
      /^Open http:\S+\nNo browser could be opened here\. At another device: meshy login --no-browser\n$/,
    );
    child.kill("SIGINT");
    assert.equal((await ended).code, 130);
    assert.deepEqual(await tool.meshy("whoami"), notLoggedIn);
  });
});

describe("a login at another device", { timeout: 60_000 }, () => {
  test("keeps its user logged in once that has answered there", async (t) => {
    const server = await startOpenIdServer({ appUrl: "https://app.example/" });
    t.after(() => server.close());
    const profile = {
      issuer: server.url,
      clientId: "my-app",
      scope: "openid offline_access",
      apiUrl: `${server.url}/api`,
    };
    tool.settle({ default: profile });
    const { said, ended } = tool.invoke(["login", "--no-browser"]);
    const [, url, userCode] = /^Open (\S+) and enter (\S+)\n$/.exec(await said);
    await confirmDevice(url, userCode);
    assert.deepEqual({ ...(await ended), stderr: "" }, says("Logged in."));
    const { stdout } = await tool.meshy("call", "me");
    assert.equal(JSON.parse(stdout).user, "alice");
    assert.deepEqual([server.count(DEVICE_CODE), server.count("refresh_token")], [1, 0]);
  });

  test("is refused by a server that has none", async () => {
    const { code, stderr } = await tool.meshy("login", "--no-browser");
    assert.equal(code, 1);
    assert.match(stderr, /^meshy: unsupported: the server names no device_authorization_endpoint/);
  });
});

/** One that has a terminal, which `answers` are typed into, each when it was asked for. */
async function onTerminal(answers) {
  const command = `${process.execPath} ${tool.path} login alice`;
  const { child, ended } = tool.invoke(["-qec", command, "/dev/null"], { command: "script", input: null });
  let shown = "";
  child.stdout.on("data", (chunk) => {
    shown += chunk;
    if (answers.length > 0 && shown.includes(answers[0][0])) child.stdin.write(answers.shift()[1]);
  });
  return ended;
}

describe("a login with a password on a terminal", { skip: process.platform !== "linux", timeout: 60_000 }, () => {
  test("asks, and does not show the password", async () => {
    const { code, stdout } = await onTerminal([["Password: ", `${password}x\x7f\r`]]);
    assert.deepEqual([code, stdout], [0, "Password: \r\nLogged in.\r\n"]);
    assert.deepEqual(await tool.meshy("whoami"), says("alice"));
  });

  test("takes no empty one", async () => {
    const { code, stdout } = await onTerminal([["Password: ", "\r"]]);
    assert.deepEqual([code, stdout], [2, "Password: \r\nmeshy: the password is empty\r\n"]);
  });

  test("is cancelled by Ctrl+C", async () => {
    const { code, stdout } = await onTerminal([["Password: ", "wonder\x03"]]);
    assert.deepEqual([code, stdout], [130, "Password: \r\nmeshy: cancelled\r\n"]);
    assert.deepEqual(example.grants(), []);
  });
});
