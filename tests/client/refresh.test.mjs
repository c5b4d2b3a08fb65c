import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { expired, rejects, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

let time;
beforeEach(() => {
  time = new Time();
});
afterEach(() => time.restore());

const sent = () => server.count("refresh_token");
const unavailable = () => json(503, {});
const pause = (seconds) => () => json(429, {}, { "retry-after": String(seconds) });

/** Answers to refreshes in turn; after the last the server answers itself. */
function answering(...answers) {
  server.answer = ({ grant }) => (grant === "refresh_token" ? answers.shift()?.() : undefined);
}

describe("a refresh ahead", () => {
  test("runs behind the token in hand in the last tenth of its life, and once", async () => {
    server.lifetime = 100;
    const connection = await start().login("alice", "pw");
    const first = await connection.getAccessToken();
    await time.pass(89_999);
    assert.equal(await connection.getAccessToken(), first);
    await settled();
    assert.equal(sent(), 0);
    await time.pass(1);
    const open = server.hold("refresh_token");
    for (let call = 0; call < 50; call += 1) assert.equal(await connection.getAccessToken(), first);
    await settled();
    assert.equal(sent(), 1);
    assert.equal(await connection.getAccessToken({}), first);
    open();
    await until(() => connection.getSnapshot().generation === 2);
    assert.match(await connection.getAccessToken(), /-alice-2/);
    await settled();
    assert.equal(sent(), 1);
  });

  test("is at most five minutes ahead", async () => {
    server.lifetime = 36_000;
    const connection = await start().login("alice", "pw");
    await time.pass((36_000 - 300) * 1_000 - 1);
    await connection.getAccessToken();
    await settled();
    assert.equal(sent(), 0);
    await time.pass(1);
    await connection.getAccessToken();
    await settled();
    assert.equal(sent(), 1);
  });

  test("that fails keeps nobody from the token in hand, and is tried again after a pause alone", async () => {
    server.lifetime = 1_000;
    const connection = await start().login("alice", "pw");
    const first = await connection.getAccessToken();
    await time.pass(910_000);
    answering(unavailable, pause(30));
    for (let call = 0; call < 10; call += 1) {
      assert.equal(await connection.getAccessToken(), first);
      await settled();
    }
    assert.equal(sent(), 1);
    assert.equal(connection.getSnapshot().state, "active");
    assert.equal(connection.getSnapshot().error.code, "unavailable");
    await time.pass(1_000);
    for (let call = 0; call < 10; call += 1) {
      assert.equal(await connection.getAccessToken(), first);
      await settled();
    }
    assert.equal(sent(), 2);
    await time.pass(29_000);
    assert.equal(await connection.getAccessToken(), first);
    await settled();
    assert.equal(sent(), 2);
    await time.pass(1_001);
    assert.equal(await connection.getAccessToken(), first);
    await until(() => connection.getSnapshot().generation === 2);
    assert.equal(sent(), 3);
    assert.equal(connection.getSnapshot().error, null);
  });

  test("does not happen where nobody asks", async () => {
    server.lifetime = 100;
    const client = await start({ persistence: new MemoryStore() });
    const connection = await client.login("alice", "pw");
    client.subscribe(() => {});
    connection.subscribe(() => {});
    await time.pass(1_000_000);
    assert.equal(server.requests.length, 1);
    assert.equal(time.pending, 0);
  });
});

describe("while the store fails", () => {
  test("a token is sent without a claim only after a claim's time, and is written as soon as it can be", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const swap = persistence.compareAndSet;
    persistence.compareAndSet = () => Promise.reject();
    const token = await time.settling(connection.getAccessToken());
    assert.ok(time.passed > 11_000 && time.passed <= 12_500, `${time.passed} ms`);
    assert.equal(client.getSnapshot().storage, "degraded");
    persistence.compareAndSet = swap;
    assert.equal(await connection.getAccessToken(), token);
    await until(() => client.getSnapshot().storage === "ok");
    assert.equal(persistence.record.access_token, token);
    assert.equal(sent(), 1);
  });

  for (const [what, isStep] of [
    ["the claim", () => sent() === 0],
    ["the next generation", () => sent() === 1],
  ]) {
    for (const [how, fail] of [
      ["never settles", () => new Promise(() => {})],
      ["rejects", () => Promise.reject()],
      ["settles too late", (swap) => new Promise((resolve) => setTimeout(() => resolve(swap()), 5_000))],
    ]) {
      test(`${how} with ${what}, the session goes on`, async () => {
        const persistence = new MemoryStore();
        const { connection } = await expired({ persistence });
        const swap = persistence.compareAndSet.bind(persistence);
        let failures = 0;
        persistence.compareAndSet = (...args) => {
          if (failures > 0 || !isStep()) return swap(...args);
          failures += 1;
          return fail(() => swap(...args));
        };
        const token = await time.settling(connection.getAccessToken());
        assert.match(token, /-alice-2/);
        assert.equal(failures, 1);
        assert.equal(connection.getSnapshot().state, "active");
        await time.pass(10_000);
        const next = await time.settling(connection.getAccessToken({ rejected: token }));
        assert.match(next, /-alice-3/);
        await time.pass(10_000);
        assert.equal(persistence.record.access_token, next);
        assert.equal(sent(), 2);
      });
    }
  }
});

describe("a deadline", () => {
  test("is each caller's own", async () => {
    const { connection } = await expired();
    server.answer = () => new Promise(() => {});
    const first = rejects(connection.getAccessToken(), { code: "timeout", retryable: true });
    await time.pass(4_000);
    const second = rejects(connection.getAccessToken({}), { code: "timeout", retryable: true });
    await time.settling(first);
    assert.equal(time.passed, 10_000);
    await time.settling(second);
    assert.equal(time.passed, 14_000);
    server.answer = () => undefined;
    assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
  });

  for (const [what, answer, check] of [
    ["takes over", () => undefined, async (call) => assert.match(await call, /-alice-2/)],
    ["gives up", () => new Promise(() => {}), (call) => rejects(call, { code: "timeout" })],
  ]) {
    test(`of a call does not count the time in which another holder keeps it waiting: it ${what}`, async () => {
      const persistence = new MemoryStore();
      await expired({ persistence });
      const gone = await start({ persistence, fetch: () => new Promise(() => {}), timeout: 9_000 }).restore();
      const restored = await start({ persistence }).restore();
      gone.getAccessToken().catch(() => {});
      await settled();
      // Its holder never comes back.
      const { read, compareAndSet } = persistence;
      const late = () => new Promise(() => {});
      Object.assign(persistence, { read: late, compareAndSet: late });
      await time.pass(9_000);
      Object.assign(persistence, { read, compareAndSet });
      const from = time.passed;
      server.answer = answer;
      await time.settling(check(restored.getAccessToken()));
      assert.ok(time.passed - from >= 10_000, `${time.passed - from} ms`);
      assert.ok(time.passed - from <= 23_000, `${time.passed - from} ms`);
    });
  }
});

describe("a server that wants a rest", () => {
  test("has it, and one call lives through two failures", async () => {
    const { connection } = await expired();
    answering(unavailable, unavailable);
    const call = connection.getAccessToken();
    await settled();
    assert.equal(sent(), 1);
    assert.equal(connection.getSnapshot().state, "waiting");
    assert.match(await time.settling(call), /-alice-2/);
    assert.equal(sent(), 3);
    assert.ok(time.passed >= 750, `${time.passed} ms`);
    assert.equal(connection.getSnapshot().error, null);
    assert.equal(time.pending, 0);
  });

  test("gets three sends of one call, and the next call is not lost", async () => {
    const { connection } = await expired();
    answering(unavailable, unavailable, unavailable);
    const error = await time.settling(rejects(connection.getAccessToken(), { code: "unavailable", status: 503 }));
    assert.ok(error.retryAfter >= 1, error.retryAfter);
    assert.equal(sent(), 3);
    assert.equal(connection.getSnapshot().state, "active");
    assert.equal(time.pending, 0);
    assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
    assert.equal(sent(), 4);
  });

  test("may say for how long, and a call waits if that is within its time", async () => {
    const { connection } = await expired();
    answering(pause(1));
    assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
    assert.ok(time.passed >= 1_000, `${time.passed} ms`);
    assert.equal(sent(), 2);
  });

  test("for longer than that is left alone by all who share the store, and each call says so at once", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const other = await start({ persistence }).restore();
    answering(pause(60));
    await rejects(connection.getAccessToken(), { code: "rate_limited", status: 429, retryAfter: 60 });
    for (const handle of [connection, other]) {
      const error = await rejects(handle.getAccessToken(), { retryable: true, retryAfter: 60 });
      assert.ok(["rate_limited", "unavailable"].includes(error.code), error.code);
    }
    assert.equal(time.passed, 0);
    assert.equal(sent(), 1);
    await time.pass(60_000);
    const tokens = await time.settling(Promise.all([other.getAccessToken(), connection.getAccessToken()]));
    assert.equal(new Set(tokens).size, 1);
    assert.equal(sent(), 2);
  });

  test("is never sent a password twice", async () => {
    server.answer = pause(1);
    await rejects(start().login("alice", "pw"), { code: "rate_limited", retryAfter: 1 });
    await time.pass(100_000);
    assert.equal(server.requests.length, 1);
  });
});

describe("an answer that is lost", () => {
  for (const [lost, least, most] of [
    [1, 0, 0],
    [2, 500, 1_000],
    [4, 3_500, 7_000],
  ]) {
    test(`${lost} times is asked for again, and a server that allows that keeps the session`, async () => {
      const persistence = new MemoryStore();
      const { connection } = await expired({ persistence });
      server.grace = true;
      server.losing = lost;
      assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
      assert.ok(time.passed >= least && time.passed <= most, `${time.passed} ms`);
      assert.equal(sent(), 1 + lost);
      assert.equal(new Set(server.sent("refresh_token").map(({ form }) => form.refresh_token)).size, 1);
      assert.equal(persistence.record.refresh_token, connection.retrievePersistanceToken());
      assert.match(await connection.getAccessToken({ rejected: await connection.getAccessToken() }), /-alice-3/);
    });
  }

  test("for longer than a call may take is a failure of the call, and the session asks on by itself", async () => {
    const { connection } = await expired({ timeout: 1_000 });
    server.grace = true;
    server.losing = 4;
    await time.settling(rejects(connection.getAccessToken(), { code: "network", retryable: true }));
    assert.ok(time.passed <= 1_000, `${time.passed} ms`);
    assert.equal(connection.getSnapshot().state, "waiting");
    await time.pass(10_000);
    assert.equal(sent(), 5);
    assert.match(await connection.getAccessToken(), /-alice-2/);
  });

  test("each time is asked for seven times in all", async () => {
    const { connection } = await expired({ timeout: 1_000, reuseWindow: 60_000 });
    server.losing = Number.POSITIVE_INFINITY;
    await time.settling(rejects(connection.getAccessToken(), { code: "network", retryable: true }));
    await time.pass(600_000);
    assert.equal(sent(), 7);
    assert.equal(connection.getSnapshot().state, "active");
    assert.equal(time.pending, 0);
  });

  for (const [what, age, sends] of [
    ["", 60_000, 2],
    ["that may not know the token yet, and is asked twice more,", 0, 4],
  ]) {
    test(`of a strict server ${what} ends the session once, here and for all who share the store`, async () => {
      const persistence = new MemoryStore();
      const { client, connection } = await expired({ persistence });
      const other = await start({ persistence }).restore();
      await time.pass(age);
      server.losing = 1;
      const lost = { code: "session_ended", reason: "response_lost" };
      await time.settling(rejects(connection.getAccessToken(), { ...lost, status: 400 }));
      await rejects(connection.getAccessToken(), lost);
      assert.equal(persistence.record.ended, "response_lost");
      await rejects(other.getAccessToken(), lost);
      assert.equal(sent(), sends);
      assert.equal(client.getSnapshot().connection, null);
      assert.match(await (await client.login("alice", "pw")).getAccessToken(), /-alice-3/);
    });
  }

  test("and found out later by another holder, is response_lost too", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence, reuseWindow: 0 });
    const other = await start({ persistence }).restore();
    await time.pass(60_000);
    const silence = server.hold("refresh_token");
    await time.settling(rejects(connection.getAccessToken(), { code: "timeout" }));
    await time.pass(1);
    silence();
    await until(() => connection.getSnapshot().state === "active");
    assert.equal(sent(), 1);
    await time.settling(rejects(other.getAccessToken(), { code: "session_ended", reason: "response_lost" }));
    assert.equal(sent(), 2);
  });

  test("is not asked for again after reuseWindow", async () => {
    const { connection } = await expired({ reuseWindow: 100 });
    server.grace = true;
    server.losing = 1;
    const open = server.hold("refresh_token");
    const call = rejects(connection.getAccessToken({ signal: AbortSignal.abort() }), { code: "aborted" });
    await call;
    const waiting = connection.getAccessToken();
    await until(() => sent() === 1);
    await time.pass(101);
    open();
    await settled();
    assert.equal(sent(), 1);
    assert.equal(connection.getSnapshot().state, "waiting");
    assert.match(await time.settling(waiting), /-alice-2/);
    assert.equal(sent(), 2);
  });
});
