import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { derived, get, writable } from "svelte/store";
import { snapshotOf } from "../../pkg/svelte.js";
import { start } from "../shared/client.mjs";
import { settled } from "../shared/waiting.mjs";

const unknown = { ready: false, connection: null, storage: "none", error: null };

/** What a store tells its subscriber. */
function told(store) {
  const snapshots = [];
  const stop = store.subscribe((snapshot) => snapshots.push(snapshot));
  return { snapshots, stop };
}

describe("snapshotOf in Svelte", () => {
  test("tells what is there at once, and then what changes", async () => {
    const client = await start();
    const { snapshots, stop } = told(snapshotOf(client));
    assert.deepEqual(snapshots, [client.getSnapshot()]);
    const connection = await client.login("alice", "pw");
    await settled();
    assert.equal(snapshots.at(-1), client.getSnapshot());
    assert.equal(get(snapshotOf(connection)), connection.getSnapshot());
    stop();
    const count = snapshots.length;
    await connection.signout();
    await settled();
    assert.equal(snapshots.length, count);
  });

  test("is null where there is nothing yet, and follows what takes its place", async () => {
    for (const nothing of [null, undefined]) assert.deepEqual(told(snapshotOf(nothing)).snapshots, [null]);
    const source = writable(null);
    const { snapshots } = told(derived(source, (given, set) => snapshotOf(given).subscribe(set)));
    assert.deepEqual(snapshots, [null]);
    const client = await start();
    source.set(client);
    assert.deepEqual(snapshots, [null, client.getSnapshot()]);
    await client.login("alice", "pw");
    await settled();
    assert.equal(snapshots.at(-1), client.getSnapshot());
    source.set(null);
    assert.equal(snapshots.at(-1), null);
  });

  test("takes the promise of a client, and says why there is none", async () => {
    const promise = start();
    const { snapshots } = told(snapshotOf(promise));
    assert.deepEqual(snapshots, [unknown]);
    await settled();
    const client = await promise;
    assert.deepEqual(snapshots, [unknown, client.getSnapshot()]);
    assert.deepEqual(told(snapshotOf(promise)).snapshots, [client.getSnapshot()]);
    const failing = told(snapshotOf(start({ timeout: -1 })));
    const left = told(snapshotOf(start()));
    left.stop();
    await settled();
    assert.deepEqual(
      failing.snapshots.map(({ ready, error }) => [ready, error?.argument]),
      [
        [false, undefined],
        [false, "timeout"],
      ],
    );
    assert.deepEqual(left.snapshots, [unknown]);
  });

  test("of what was disposed of is what it is of nothing", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    client[Symbol.dispose]();
    connection[Symbol.dispose]();
    assert.deepEqual(told(snapshotOf(client)).snapshots, [unknown]);
    assert.deepEqual(told(snapshotOf(connection)).snapshots, [null]);
  });

  test("throws where it is given something else", () => {
    assert.throws(() => told(snapshotOf({ subscribe() {} })), TypeError);
  });
});
