import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { rejects, server, start } from "../shared/client.mjs";
import { length } from "../shared/lengths.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

let time;
beforeEach(() => {
  time = new Time();
});
afterEach(() => time.restore());

/** What another holder does that was answered: the next generation is in the store. */
async function rotateElsewhere(store) {
  const [[key]] = store.values;
  const { attempt, claim, claim_number, claim_for, claim_locked, ...record } = store.record;
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: record.refresh_token });
  const tokens = await (await server.fetch("https://elsewhere", { body, headers: {} })).json();
  const { access_token, refresh_token } = tokens;
  store.values.set(key, JSON.stringify({ ...record, gen: record.gen + 1, access_token, refresh_token }));
}

test("a connection goes on with whatever has seen more of its session, and what it began before harms nothing", async () => {
  const persistence = new MemoryStore();
  const client = await start({ persistence, timeout: 2_000, reuseWindow: 0 });
  const connection = await client.login("alice", "pw");
  let heard = 0;
  connection.subscribe(() => {
    heard += 1;
  });
  server.answer = ({ form }) => (form.refresh_token?.endsWith("-1") ? new Promise(() => {}) : undefined);
  const controller = new AbortController();
  const gone = connection.getAccessToken({ rejected: "at-canary-alice-1", signal: controller.signal });
  await until(() => server.count("refresh_token") === 1);
  controller.abort();
  await rejects(gone, { code: "aborted" });
  server.answer = () => undefined;
  await rotateElsewhere(persistence);

  const restored = await client.restore();
  assert.equal(restored.getSnapshot().generation, 2);
  assert.equal(connection.getSnapshot(), restored.getSnapshot());
  assert.equal(connection.retrievePersistanceToken(), "rt-canary-alice-2");
  await settled();
  assert.ok(heard > 0);
  const call = connection.getAccessToken({ rejected: "at-canary-alice-2" });
  assert.equal(await time.settling(call), "at-canary-alice-3");

  await time.pass(100_000);
  assert.equal(persistence.record.gen, 3);
  assert.equal(persistence.record.refresh_token, "rt-canary-alice-3");
  const sent = server.sent("refresh_token").map(({ form }) => form.refresh_token.at(-1));
  assert.deepEqual(sent, ["1", "1", "2"]);
  assert.equal(connection.getSnapshot().state, "active");
  const before = heard;
  await restored.signout();
  await settled();
  assert.ok(heard > before);
  assert.equal(connection.getSnapshot().error.reason, "signed_out");
  await rejects(connection.getAccessToken(), { code: "session_ended", reason: "signed_out" });
});

test("as many rotations by another holder as one likes leave one machine, and every handle goes on", async (t) => {
  const persistence = new MemoryStore();
  const client = await start({ persistence });
  const connection = await client.login("alice", "pw");
  let heard = 0;
  connection.subscribe(() => {
    heard += 1;
  });
  const [[key]] = persistence.values;
  const { attempt, ...record } = persistence.record;
  const machines = [];
  for (let gen = 2; gen <= length.rotations; gen++) {
    persistence.values.set(key, JSON.stringify({ ...record, gen, refresh_token: `rt-${gen}` }));
    const restored = await client.restore();
    // What a job has had in hand is not collected before it is over.
    if (gen % 100 === 0) await new Promise(setImmediate);
    if (gen % (length.rotations / 4) === 0) machines.push(restored);
  }
  await settled();
  assert.ok(heard > 0);
  for (const handle of [connection, ...machines]) {
    assert.equal(handle.getSnapshot().generation, length.rotations);
    assert.equal(handle.retrievePersistanceToken(), `rt-${length.rotations}`);
    assert.equal(await handle.getAccessToken(), record.access_token);
  }
  t.diagnostic(`${length.rotations} rotations`);
  const before = heard;
  await connection.signout();
  await settled();
  assert.ok(heard > before);
  assert.equal(client.getSnapshot().connection, null);
});
