import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { expired, rejects, server, start } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";

describe("a store that never answers", () => {
  let time;
  beforeEach(() => {
    time = new Time();
  });
  afterEach(() => time.restore());

  test("stops the refreshes of those who share it", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const [one, other] = await Promise.all([1, 2].map(() => start({ persistence }).restore()));
    persistence.read = () => new Promise(() => {});
    const saved = start({ persistence }).loginWithPersistance("rt-canary-saved");
    const calls = [connection, one, other].map((held) => held.getAccessToken());
    const errors = [...calls, saved].map((call) => rejects(call, { code: "unavailable", retryable: true }));
    await time.settling(Promise.all(errors));
    assert.ok(time.passed <= 11_000, `${time.passed} ms`);
    assert.equal(server.count("refresh_token"), 0);
    const late = [connection, one, other].map((held) => held.getAccessToken());
    await time.pass(3_000);
    delete persistence.read;
    const tokens = await time.settling(Promise.all(late));
    assert.deepEqual([...new Set(tokens)], [persistence.record.access_token]);
    assert.equal(server.count("refresh_token"), 1);
  });

  for (const [what, names] of [
    ["when it is read", ["read"]],
    ["when it is written", ["compareAndSet"]],
    ["at all", ["read", "compareAndSet"]],
  ]) {
    test(`${what} holds nobody up for longer than its time`, async () => {
      const persistence = new MemoryStore();
      for (const name of names) persistence[name] = () => new Promise(() => {});
      const client = await start({ persistence });
      const finish = async (promise, most = 10_000) => {
        const from = time.passed;
        await time.settling(promise);
        assert.ok(time.passed - from <= most, `${time.passed - from} ms`);
        return promise;
      };
      const connection = await finish(client.login("alice", "pw"));
      assert.equal(client.getSnapshot().storage, "degraded");
      const call = connection.getAccessToken({ rejected: await connection.getAccessToken() });
      assert.match(await finish(call, 23_000), /-alice-2/);
      // Even a store that can be read, and has no session in it, may still be given the one that was written.
      await finish(rejects(connection.signout(), { code: "unavailable", retryable: true }));
      assert.equal(connection.getSnapshot().state, "ended");
    });
  }
});
