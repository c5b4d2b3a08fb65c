import assert from "node:assert/strict";
import { after, before, beforeEach, mock } from "node:test";
import { initialize, MeshyError } from "../../pkg/index.js";
import { grant, startRecorder, tokens } from "../shared/recorder.mjs";
import { MemoryStore } from "../shared/stores.mjs";

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

/**
 * What makes a record one of a session that has failed often: one more failure is followed by a pause of half a minute at
 * least, which no call waits through.
 */
const tired = { cooldown_since: 1, cooldown_for: 1, failures: 8 };
/** Milliseconds after which a server knows the refresh tokens that it gave. */
const KNOWN = 120_000;

/** The next failure of a session under this store is told at once. */
export function tire({ values, key, record }) {
  values.set(key, JSON.stringify({ ...record, ...tired }));
}

/**
 * A session with an expired access token, of which the server has heard nothing yet; where it is old, since a time after
 * which a refusal is believed at once.
 */
export async function signedIn({ persistence = new MemoryStore(), isTired, isOld, ...options } = {}) {
  await start({ persistence }).adopt(tokens());
  const { values, key, record } = persistence;
  if (isOld) {
    record.received_at -= KNOWN;
    record.expires_at -= KNOWN;
  }
  values.set(key, JSON.stringify(record));
  if (isTired) tire(persistence);
  const connection = await start({ persistence, ...options }).restore();
  return { persistence, connection, stored: persistence.record };
}

export function closed(socket) {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** Longer than any pause that a server can ask for. */
const PAUSE = 3_700_000;

/**
 * While the server answers like this a call fails as `expected`; afterwards the session is what it was. A failed refresh
 * is followed by a pause, which is over here because the clock is set forward. The session does not go on by itself: the
 * client has a reuseWindow of 0, or nothing was lost.
 */
export async function keepsSession(connection, { retryAfter, ...expected }) {
  const kept = connection.retrievePersistanceToken();
  const { generation } = connection.getSnapshot();
  const from = server.requests.length;
  await rejects(connection.getAccessToken(), retryAfter ? { ...expected, retryAfter } : expected);
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
