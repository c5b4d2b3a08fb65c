import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { between, seededDice } from "../../dev/dice.mjs";
import { length } from "../shared/lengths.mjs";
import { setUpTool } from "./tool.mjs";

const { toolStarts: STARTS, toolKills: KILLS } = length;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
const AT_ONCE = 50;
const IN_A_ROUND = 8;
/** Seconds within which a server that forgives takes a spent refresh token again. */
const GRACE = 30;
/** Milliseconds after which it answers then, at most. */
const LATEST = 500;
/** Milliseconds for each process, on a machine that is busy with others. */
const PATIENCE = 1_000;

/** Plays rounds in which a session has expired and several processes ask for its token; `strike` may end one of them. */
async function play(tool, rounds, processes, strike = () => {}) {
  await tool.login();
  const grants = [];
  for (let round = 1; round <= rounds; round += 1) {
    tool.example.expire();
    tool.example.forget();
    const invocations = Array.from({ length: processes }, () => tool.invoke(["token"]));
    const victim = await strike(invocations);
    const results = await Promise.all(invocations.map(({ ended }) => ended));
    const left = results.filter(({ code }, index) => code !== "SIGKILL" || index !== victim);
    const [{ code, stdout }] = left;
    assert.equal(code, 0, left[0].stderr);
    for (const result of left) assert.deepEqual(result, { code, stdout, stderr: "" }, `round ${round}`);
    assert.equal(await tool.ask(stdout.trim()), 200, `round ${round}`);
    grants.push(tool.example.grants());
  }
  return grants;
}

describe("many of the command-line tool at once", () => {
  let tool;
  const begin = (options) => async () => {
    tool = await setUpTool(options);
    tool.begin();
  };
  afterEach(() => tool.stop());
  afterEach(() => tool.example.remove());

  describe("with a server that takes no token twice", () => {
    beforeEach(begin());

    const timeout = (1 + STARTS * AT_ONCE) * PATIENCE;
    test(`${AT_ONCE} make one refresh request, ${STARTS} times`, { timeout }, async () => {
      const grants = await play(tool, STARTS, AT_ONCE);
      assert.deepEqual(grants, Array(STARTS).fill([["refresh_token", 200]]));
    });
  });

  describe("with a server that forgives, and answers late", () => {
    beforeEach(begin({ reuseWindow: GRACE }));

    const timeout = (1 + KILLS * IN_A_ROUND) * PATIENCE;
    test(`lose nothing when one of ${IN_A_ROUND} is killed, ${KILLS} times`, { timeout }, async (t) => {
      const dice = seededDice(SEED);
      let longest = 0;
      let killed = 0;
      const grants = await play(tool, KILLS, IN_A_ROUND, async (invocations) => {
        tool.example.setFaults([{ name: "delay", milliseconds: Math.round(between(dice, 0, LATEST)) }]);
        const start = performance.now();
        for (const { ended } of invocations) ended.then(() => (longest = Math.max(longest, performance.now() - start)));
        const victim = Math.floor(between(dice, 0, IN_A_ROUND));
        await sleep(between(dice, 0, longest));
        if (invocations[victim].child.kill("SIGKILL")) killed += 1;
        return victim;
      });
      const repeated = grants.flat().length - KILLS;
      t.diagnostic(`${killed} killed before their end, ${repeated} lost answers asked for again, seed ${SEED}`);
      assert.deepEqual(new Set(grants.flat().map(String)), new Set(["refresh_token,200"]));
    });
  });
});
