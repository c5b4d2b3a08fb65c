import assert from "node:assert/strict";
import { after, before, beforeEach, mock } from "node:test";
import { initialize, MeshyError } from "../../pkg/index.js";
import { grant, startRecorder } from "../shared/recorder.mjs";

export const form = "application/x-www-form-urlencoded";
export let server;
export let elsewhere;
before(async () => {
  server = await startRecorder();
  elsewhere = await startRecorder((_request, socket) => grant(socket));
});
beforeEach(() => {
  server.answer = (_request, socket) => grant(socket);
  server.requests.length = 0;
  elsewhere.requests.length = 0;
});
after(async () => {
  await Promise.all([server.close(), elsewhere.close()]);
});

export function start(options) {
  return initialize("demo", "demo-key", { authUrl: server.url, ...options });
}

export function closed(socket) {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** Longer than any pause that a server can ask for. */
const PAUSE = 3_700_000;

/**
 * While the server answers like this a call fails as `expected`; afterwards the session is what it was. A failed refresh
 * is followed by a pause, which is over here because the clock is set forward.
 */
export async function keepsSession(connection, { retryAfter, ...expected }) {
  const kept = connection.retrievePersistanceToken();
  const { generation } = connection.getSnapshot();
  const from = server.requests.length;
  await rejects(connection.getAccessToken(), retryAfter ? { ...expected, retryAfter } : expected);
  await rested(connection);
  const snapshot = await atRest(connection);
  assert.equal(snapshot.generation, generation);
  assert.equal(snapshot.error.code, expected.code);
  assert.equal(connection.retrievePersistanceToken(), kept);
  let given;
  server.answer = (_request, socket) => {
    given = grant(socket);
  };
  mock.timers.enable({ apis: ["Date"], now: Date.now() + PAUSE });
  try {
    const token = await connection.getAccessToken();
    assert.equal(token, given.access_token);
  } finally {
    mock.timers.reset();
  }
  assert.equal(connection.retrievePersistanceToken(), given.refresh_token);
  assert.equal(connection.getSnapshot().error, null);
  const sent = `grant_type=refresh_token&client_id=demo-key&refresh_token=${kept}`;
  assert.ok(server.requests.length >= from + 2);
  for (const body of server.bodies().slice(from)) assert.equal(body, sent);
}

/** A call that is told at its deadline does not wait for what becomes of its request. */
async function rested(connection) {
  while (connection.getSnapshot().state === "refreshing") {
    await new Promise((resolve) => {
      const stop = connection.subscribe(() => resolve(stop()));
    });
  }
}

/** A call may be rejected before its request is given up. */
async function atRest(connection) {
  while (connection.getSnapshot().state === "refreshing") {
    await new Promise((resolve) => {
      const stop = connection.subscribe(() => resolve(stop()));
    });
  }
  const snapshot = connection.getSnapshot();
  assert.equal(snapshot.state, "active");
  return snapshot;
}

export async function rejects(promise, expected) {
  const error = await promise.then(
    () => assert.fail("resolved"),
    (reason) => reason,
  );
  assert.ok(error instanceof MeshyError, error);
  assert.ok(error.message.startsWith(error.code), error.message);
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error.message}`);
}
