import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { head, reply, tokens } from "../shared/recorder.mjs";
import { rejects, server, signedIn, start } from "./setup.mjs";

const json = "application/json";
const page = "<!doctype html>";
/** Answers that hide what the server has done, and that are asked for again. */
const losses = {
  "a 500": (socket) => reply(socket, 500),
  "a 502": (socket) => reply(socket, 502, page, { "Content-Type": "text/html" }),
  "a 504": (socket) => reply(socket, 504),
  "a page": (socket) => reply(socket, 200, page, { "Content-Type": "text/html" }),
  "a 204": (socket) => reply(socket, 204),
  "half of the tokens": (socket) => reply(socket, 200, JSON.stringify(tokens()).slice(0, 40)),
  "a body that is cut": (socket) => socket.end(`${head(200, { "Content-Type": json, "Content-Length": 500 })}{"a`),
  "a reset": (socket) => socket.resetAndDestroy(),
  "a connection that closes": (socket) => socket.end(),
};
/** Answers that ask for a pause: they are not asked for again without a call that waits. */
const pauses = {
  "a 503": (socket) => reply(socket, 503),
  "a 408": (socket) => reply(socket, 408),
  "a 425": (socket) => reply(socket, 425),
  "a 502 with Retry-After": (socket) => reply(socket, 502, "", { "Retry-After": "60" }),
};

/** A server that grants each refresh token once and then gives the same tokens again; `lose` answers in its place at first. */
function granting(lose, times) {
  const given = new Map();
  let left = times;
  server.answer = ({ body }, socket) => {
    if (!given.has(body)) given.set(body, tokens({ expires_in: 3600 }));
    left -= 1;
    if (left >= 0) lose(socket);
    else reply(socket, 200, given.get(body));
  };
  return given;
}

/** Waits until the session has what it wants. */
async function active(connection) {
  // Its own timer keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  while (connection.getSnapshot().state !== "active") {
    await new Promise((resolve) => {
      const stop = connection.subscribe(() => resolve(stop()));
    });
  }
  clearInterval(alive);
}

/** The states that it goes through from now on. */
function statesOf(connection) {
  const states = [];
  connection.subscribe(() => states.push(connection.getSnapshot().state));
  return states;
}

describe("an answer that is lost after the server has acted", () => {
  for (const [what, lose] of Object.entries(losses)) {
    test(`${what}: it is asked for again at once, and the call gets what was granted`, async () => {
      const { connection, persistence } = await signedIn();
      const given = granting(lose, 1);
      const states = statesOf(connection);
      const token = await connection.getAccessToken();
      assert.equal(states.includes("waiting"), false);
      const [first, second, ...more] = server.bodies();
      assert.equal(token, given.get(first).access_token);
      assert.equal(second, first);
      assert.deepEqual(more, []);
      assert.equal(persistence.record.refresh_token, given.get(first).refresh_token);
      assert.deepEqual([persistence.record.sends, persistence.record.sent_since], [undefined, undefined]);
      assert.equal(connection.getSnapshot().error, null);
    });
  }

  test("twice: the second time after a pause", async () => {
    const { connection } = await signedIn();
    const given = granting(losses["a 502"], 2);
    const states = statesOf(connection);
    const begun = performance.now();
    const token = await connection.getAccessToken();
    assert.ok(states.includes("waiting"));
    assert.ok(performance.now() - begun >= 490);
    const bodies = server.bodies();
    assert.equal(bodies.length, 3);
    assert.equal(new Set(bodies).size, 1);
    assert.equal(token, given.get(bodies[0]).access_token);
  });

  test("it is asked for again when no call waits for it", async () => {
    // Shorter than the pause after the second time.
    const { connection } = await signedIn({ timeout: 450 });
    const given = granting(losses["a 502"], 2);
    await rejects(connection.getAccessToken(), { code: "unavailable", status: 502, retryable: true });
    assert.equal(server.requests.length, 2);
    await active(connection);
    const [body] = server.bodies();
    assert.equal(server.requests.length, 3);
    assert.equal(await connection.getAccessToken(), given.get(body).access_token);
    assert.equal(server.requests.length, 3);
  });

  test("since none comes in time: it is asked for again, after a pause", async () => {
    const { connection } = await signedIn({ timeout: 450 });
    const states = statesOf(connection);
    const given = granting(() => {}, 1);
    await rejects(connection.getAccessToken(), { code: "timeout", retryable: true });
    await active(connection);
    assert.ok(states.includes("waiting"));
    const [first, second, ...more] = server.bodies();
    assert.equal(second, first);
    assert.deepEqual(more, []);
    assert.equal(await connection.getAccessToken(), given.get(first).access_token);
  });

  test("from a server that refuses the token afterwards: the session ends, and says why", async () => {
    const { connection, persistence } = await signedIn({ isOld: true });
    server.answer = (_request, socket) => {
      server.answer = (_, next) => reply(next, 400, { error: "invalid_grant" });
      losses["a 502"](socket);
    };
    const ended = { code: "session_ended", reason: "response_lost" };
    await rejects(connection.getAccessToken(), ended);
    assert.equal(server.requests.length, 2);
    assert.equal(persistence.record.ended, "response_lost");
  });

  test("with a reuseWindow of 0: it is not asked for again", async () => {
    const { connection, persistence } = await signedIn({ isTired: true, reuseWindow: 0 });
    granting(losses["a 502"], 1);
    await rejects(connection.getAccessToken(), { code: "unavailable", status: 502 });
    assert.equal(server.requests.length, 1);
    assert.equal(persistence.record.sends, 1);
    assert.equal(connection.getSnapshot().state, "active");
  });

  test("of a login: it is not asked for again", async () => {
    for (const lose of Object.values(losses)) {
      server.answer = (_request, socket) => lose(socket);
      server.requests.length = 0;
      await assert.rejects(start().login("u", "p"));
      assert.equal(server.requests.length, 1);
    }
  });
});

describe("an answer that asks for a pause", () => {
  for (const [what, pause] of Object.entries(pauses)) {
    test(`${what}: it is not asked for again by itself, and remembered`, async () => {
      const { connection, persistence } = await signedIn({ isTired: true, isOld: true });
      granting(pause, 1);
      await rejects(connection.getAccessToken(), { code: "unavailable", retryable: true });
      assert.equal(server.requests.length, 1);
      assert.equal(persistence.record.sends, 1);
      assert.equal(connection.getSnapshot().state, "active");

      const { values, key, record } = persistence;
      values.set(key, JSON.stringify({ ...record, cooldown_since: 1 }));
      const restored = await start({ persistence }).restore();
      server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_grant" });
      await rejects(restored.getAccessToken(), { code: "session_ended", reason: "response_lost" });
    });
  }
});
