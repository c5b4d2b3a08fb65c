import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { rejects, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { LockedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { until } from "../shared/waiting.mjs";

const HOUR = 3_600_000;
/** What a platform's timer can wait for, in milliseconds; one that is to wait longer rings at once. */
const LONGEST = 2 ** 31 - 1;

let time;
let longest;
beforeEach(() => {
  time = new Time();
  longest = 0;
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (callback, ms) => {
    longest = Math.max(longest, ms ?? 0);
    return setTimeout(callback, ms);
  };
});
afterEach(() => time.restore());

describe("no timer is longer than", () => {
  test("an hour, whatever the server says", async () => {
    server.lifetime = 1e12;
    const connection = await start({ persistence: new LockedStore() }).login("alice", "pw");
    assert.ok(connection.getSnapshot().expiresAt > Date.now() + LONGEST);
    const token = await connection.getAccessToken();
    server.answer = () => json(429, {}, { "retry-after": "99999999" });
    await rejects(connection.getAccessToken({ rejected: token }), { code: "rate_limited", retryAfter: 3_600 });
    assert.equal(await connection.getAccessToken({ minValidity: 1e12 }), token);
    assert.ok(longest > 0 && longest <= HOUR, `${longest} ms`);
    assert.equal(server.count("refresh_token"), 1);
  });

  test("a platform's can be, with the longest timeout and another who has the lock", async () => {
    const persistence = new LockedStore();
    const connection = await start({ persistence, timeout: HOUR, reuseWindow: HOUR }).login("alice", "pw");
    persistence.lock(persistence.key, new AbortController().signal, () => new Promise(() => {}));
    const call = connection.getAccessToken({ rejected: await connection.getAccessToken() });
    await until(() => persistence.waiting.length === 1);
    assert.match(await time.settling(call), /-alice-2/);
    assert.ok(longest >= HOUR && longest <= LONGEST, `${longest} ms`);
  });
});
