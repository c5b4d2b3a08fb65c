import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { says, setUpTool } from "./tool.mjs";

const WAITS = "meshy: it ends once what is under way is stored; the same signal again ends it at once\n";
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

let tool;
before(async () => {
  tool = await setUpTool();
});
beforeEach(() => tool.begin());
afterEach(() => tool.stop());
after(() => tool.example.remove());

/** One that waits for the answer to its refresh, which the server has spent the token for. */
async function inMidRefresh(command = ["whoami"]) {
  await tool.login();
  tool.example.expire();
  const answer = tool.example.line.hold("POST", { isAnswer: true });
  const invocation = tool.invoke(command);
  await answer.arrived;
  return { answer, ...invocation };
}

const refreshes = () => tool.example.grants().slice(1);

describe("the command-line tool that is ended in mid-refresh", { skip: process.platform === "win32" }, () => {
  for (const [signal, code] of Object.entries(CODES)) {
    test(`by ${signal} stores what comes before it ends`, async () => {
      const { answer, child, said, ended } = await inMidRefresh();
      child.kill(signal);
      assert.equal(await said, WAITS);
      answer.release();
      assert.deepEqual(await ended, { code, stdout: "", stderr: WAITS });
      assert.deepEqual(await tool.meshy("whoami"), says("alice"));
      assert.deepEqual(refreshes(), [["refresh_token", 200]]);
    });
  }

  test("waits no longer than a timeout", async () => {
    tool.begin({ members: { timeout: 1_000 } });
    const { child, said, ended } = await inMidRefresh();
    child.kill("SIGINT");
    await said;
    assert.equal((await ended).code, 130);
  });

  test("ends at once when it is told twice", async () => {
    const { child, said, ended } = await inMidRefresh();
    child.kill("SIGINT");
    await said;
    child.kill("SIGINT");
    assert.equal((await ended).code, "SIGINT");
  });

  test("because nobody reads it any more stores what comes", async () => {
    await tool.login();
    tool.example.expire(0.95);
    const answer = tool.example.line.hold("POST", { isAnswer: true });
    const { child, ended } = tool.invoke(["whoami"]);
    child.stdout.destroy();
    await answer.arrived;
    answer.release();
    assert.equal((await ended).code, 0);
    assert.deepEqual(await tool.meshy("whoami"), says("alice"));
    assert.deepEqual(refreshes(), [["refresh_token", 200]]);
  });
});
