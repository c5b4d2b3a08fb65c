import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { seededDice } from "../../dev/dice.mjs";
import { length } from "../shared/lengths.mjs";
import { stayAlive } from "../shared/waiting.mjs";
import { moments, redisChaos, strikes } from "./chaos.mjs";
import { fileExpiries, redisExpiries } from "./expiries.mjs";
import { fileKills } from "./kills.mjs";
import { manySessions } from "./many.mjs";

const { holderKills: KILLS } = length;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));

after(stayAlive());

/** As `npm run fleet` plays it, with less of it. */
async function play(t, work, options) {
  const progress = () => {};
  const { cell, holds } = await work({ dice: seededDice(SEED), progress, ...options });
  t.diagnostic(`${cell}, seed ${SEED}`);
  assert.ok(holds, cell);
}

describe("a fleet", { timeout: 600_000 }, () => {
  const few = { processes: 4, expiries: 5 };

  test("makes one request at each expiry, through a file store", (t) => play(t, fileExpiries, few));

  test("makes one request at each expiry, through Redis", (t) => play(t, redisExpiries, few));

  test(`loses nothing in ${KILLS} kills, through a file store`, (t) => play(t, fileKills, { kills: KILLS }));
});

describe("a fleet spends no token twice", { concurrency: true, timeout: 120_000 }, () => {
  test("when answers are slow", (t) => play(t, manySessions, { sessions: 20, hosts: 3 }));

  for (const strike of Object.keys(strikes)) {
    for (const moment of Object.keys(moments)) {
      test(`when one is ${strike} ${moment}`, (t) =>
        play(t, (options) => redisChaos(strike, moment, options), { hosts: 6, rounds: 1 }));
    }
  }
});
