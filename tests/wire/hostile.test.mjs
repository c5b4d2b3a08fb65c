import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { acceptedAnswers, endingAnswers, hostileAnswers } from "../shared/hostile-answers.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { elsewhere, keepsSession, rejects, server, signedIn } from "./setup.mjs";

const attempt = ["attempt", "claim", "claim_number", "claim_for", "claim_locked", "sent_since", "sends"];
const pause = ["cooldown_since", "cooldown_for", "failures", "refusals"];

/** What a record, or its text, says of its session alone. */
function session(text) {
  const record = typeof text === "string" ? JSON.parse(text) : { ...text };
  for (const name of [...attempt, ...pause]) delete record[name];
  return JSON.stringify(record);
}

class RecordingStore extends MemoryStore {
  written = [];

  compareAndSet(key, expected, next) {
    const done = super.compareAndSet(key, expected, next);
    if (done) this.written.push(next);
    return done;
  }
}

async function recorded(options) {
  const session = await signedIn({ persistence: new RecordingStore(), ...options });
  session.persistence.written.length = 0;
  return session;
}

/** Whether the server may have granted what it answers like this: a 2xx that says no error. */
function isLost({ status, error }) {
  return status >= 200 && status < 300 && !error;
}

function answerWith(answer) {
  server.answer = (_request, socket) => answer(socket, elsewhere.url);
}

const all = Object.values(hostileAnswers).flat();

test("there are 300 hostile answers at least, all of them different", (t) => {
  const names = new Set(all.map(({ what }) => what));
  t.diagnostic(`${names.size} hostile answers, ${acceptedAnswers.length} accepted, ${endingAnswers.length} that end`);
  assert.ok(names.size >= 300);
  assert.equal(names.size, all.length);
});

for (const [group, rows] of Object.entries(hostileAnswers)) {
  describe(`${group} fails one call and nothing else`, () => {
    for (const { what, answer, expected } of rows) {
      test(`${what}: ${expected.code}`, async () => {
        const isPaused = (expected.retryable || isLost(expected)) && !expected.retryAfter;
        const isLate = expected.code === "timeout";
        const { persistence, connection, stored } = await recorded({
          isTired: isPaused,
          reuseWindow: 0,
          ...(isLate && { timeout: 1_000 }),
        });
        answerWith(answer);
        await keepsSession(connection, expected);
        for (const { method, path } of server.requests) {
          assert.deepEqual([method, path], ["POST", "/demo/connect/token"]);
        }
        assert.deepEqual(elsewhere.requests, []);

        const last = persistence.written.pop();
        assert.equal(JSON.parse(last).gen, 2);
        assert.ok(persistence.written.length > 0);
        for (const text of persistence.written) assert.equal(session(text), session(stored));
        const { cooldown_for: pausedFor } = JSON.parse(
          persistence.written.findLast((text) => text.includes("cooldown_for")),
        );
        if (isPaused) assert.ok(pausedFor >= 30_000 && pausedFor <= 60_000, `${pausedFor} ms`);
        if (expected.retryAfter) assert.equal(pausedFor, expected.retryAfter * 1_000);
      });
    }
  });
}

describe("an odd answer that is a token response is accepted", () => {
  for (const { what, answer } of acceptedAnswers) {
    test(what, async () => {
      const { persistence, connection } = await recorded();
      answerWith(answer);
      assert.equal(await connection.getAccessToken(), "at-hostile");
      assert.equal(connection.retrievePersistanceToken(), "rt-hostile");
      assert.equal(connection.getSnapshot().generation, 2);
      assert.equal(persistence.record.refresh_token, "rt-hostile");
      assert.equal(server.requests.length, 1);
    });
  }
});

describe("invalid_grant in JSON in a 400, 401 or 403 ends the session", () => {
  for (const { what, status, answer } of endingAnswers) {
    test(what, async () => {
      const { persistence, connection, stored } = await recorded({ isOld: true });
      answerWith(answer);
      const ended = { code: "session_ended", reason: "invalid_grant", status, error: "invalid_grant" };
      await rejects(connection.getAccessToken(), ended);
      assert.equal(connection.getSnapshot().state, "ended");
      assert.equal(connection.retrievePersistanceToken(), null);
      const last = persistence.written.pop();
      assert.equal(JSON.parse(last).ended, "invalid_grant");
      assert.equal(last.includes(stored.refresh_token), false);
      for (const text of persistence.written) assert.equal(session(text), session(stored));
      await rejects(connection.getAccessToken(), ended);
      assert.equal(server.requests.length, 1);
    });
  }
});
