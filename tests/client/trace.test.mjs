import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { assertNoSecret, rejects, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled } from "../shared/waiting.mjs";

let time;
beforeEach(() => {
  time = new Time();
});
afterEach(() => time.restore());

/** A client and the lines of its trace, without their time. */
async function traced(options) {
  const client = await start(options);
  const lines = [];
  const stop = client.trace((event) => {
    const { at, ...line } = event;
    assert.equal(at, Date.now());
    assert.ok(Object.isFrozen(event));
    assertNoSecret(event);
    lines.push(line);
  });
  const taken = async () => {
    await settled();
    return lines.splice(0);
  };
  return { client, taken, stop };
}

const request = (grant) => ({ type: "request", grant });
const answer = (grant, status = 200) => ({ type: "answer", grant, status });
const again = async (connection) => connection.getAccessToken({ rejected: await connection.getAccessToken() });

describe("a trace", () => {
  test("tells of a login, a refresh and a sign-out", async () => {
    const { client, taken } = await traced();
    const connection = await client.login("alice", "pw");
    assert.deepEqual(await taken(), [request("password"), answer("password"), { type: "opened", generation: 1 }]);
    await again(connection);
    const refresh = [request("refresh_token"), answer("refresh_token")];
    assert.deepEqual(await taken(), [...refresh, { type: "rotated", generation: 2 }]);
    await connection.signout();
    const signOut = [{ type: "ended", reason: "signed_out" }, request("revocation"), answer("revocation")];
    assert.deepEqual(await taken(), signOut);
  });

  test("tells of a revocation that fails", async () => {
    for (const [respond, line] of [
      [() => json(503, {}), answer("revocation", 503)],
      [() => Promise.reject(new TypeError("canary")), { type: "answer", grant: "revocation", code: "network" }],
      [() => new Promise(() => {}), { type: "answer", grant: "revocation", code: "timeout" }],
    ]) {
      const { client, taken } = await traced();
      const connection = await client.login("alice", "pw");
      await taken();
      server.answer = ({ grant }) => grant === "revocation" && respond();
      await time.settling(connection.signout());
      assert.deepEqual((await taken()).at(-1), line);
      server.answer = () => undefined;
    }
  });

  test("tells of a pause, and of a session that the server ends", async () => {
    const { client, taken } = await traced();
    const connection = await client.login("alice", "pw");
    await taken();
    await time.pass(60_000);
    server.answer = () => json(429, {}, { "retry-after": "2" });
    const call = again(connection);
    await time.pass(100);
    const paused = [request("refresh_token"), answer("refresh_token", 429)];
    assert.deepEqual(await taken(), [...paused, { type: "waiting", code: "rate_limited", retryAfter: 2 }]);
    server.answer = () => json(400, { error: "invalid_grant" });
    await rejects(time.settling(call), { code: "session_ended" });
    const refused = [request("refresh_token"), answer("refresh_token", 400)];
    assert.deepEqual(await taken(), [...refused, { type: "ended", reason: "invalid_grant" }]);
  });

  test("tells a holder that adopts from the one that was answered", async () => {
    const persistence = new WatchedStore();
    const one = await traced({ persistence });
    const other = await traced({ persistence });
    const connection = await one.client.login("alice", "pw");
    await other.client.restore();
    await one.taken();
    assert.deepEqual(await other.taken(), [{ type: "opened", generation: 1 }]);
    await again(connection);
    assert.deepEqual((await one.taken()).at(-1), { type: "rotated", generation: 2 });
    assert.deepEqual(await other.taken(), [{ type: "adopted", generation: 2 }]);
    await connection.signout();
    assert.deepEqual(await other.taken(), [{ type: "ended", reason: "signed_out" }]);
  });

  test("tells of a store that fails", async () => {
    const persistence = new MemoryStore();
    const { client, taken } = await traced({ persistence });
    const connection = await client.login("alice", "pw");
    await taken();
    const swap = persistence.compareAndSet;
    persistence.compareAndSet = (...given) => {
      if (server.count("refresh_token") > 0) throw new Error("canary");
      return swap.apply(persistence, given);
    };
    await again(connection);
    const lines = await taken();
    assert.ok(lines.some(({ type, failed }) => type === "storage" && failed === "write"));
    const changes = lines.filter(({ generation }) => generation);
    assert.deepEqual(changes, [{ type: "rotated", generation: 2 }], "its own, though it is not stored");
    persistence.read = () => new Promise(() => {});
    await rejects(time.settling(again(connection)), { code: "unavailable" });
    assert.ok((await taken()).some(({ type, failed }) => type === "storage" && failed === "read"));
  });

  test("tells nobody who has stopped it, or has disposed of the client", async () => {
    const { client, taken, stop } = await traced();
    const other = [];
    client.trace((event) => other.push(event));
    stop();
    const connection = await client.login("alice", "pw");
    assert.deepEqual(await taken(), []);
    await settled();
    assert.equal(other.splice(0).length, 3);
    client[Symbol.dispose]();
    await again(connection);
    await settled();
    assert.deepEqual(other, []);
    assert.throws(() => client.trace(() => {}), { code: "aborted" });
  });

  test("takes a function and nothing else", async () => {
    const client = await start();
    for (const listener of [undefined, null, {}, "canary"]) {
      assert.throws(() => client.trace(listener), { code: "invalid_argument", argument: "listener" });
    }
  });
});
