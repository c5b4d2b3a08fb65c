import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expired, rejects, secret, server, start } from "../shared/client.mjs";
import { WatchedStore } from "../shared/stores.mjs";
import { settled } from "../shared/waiting.mjs";

const fail = () => {
  throw new Error(secret);
};

describe("a signal", () => {
  for (const [what, removeEventListener] of [
    ["throws when it is let go of", fail],
    ["calls what it lets go of", (_type, listener) => listener()],
  ]) {
    test(`that ${what} keeps nobody waiting`, async () => {
      const { client, connection } = await expired();
      const signal = { aborted: false, addEventListener() {}, removeEventListener };
      const rejected = "at-canary-alice-1";
      const open = server.hold("refresh_token");
      const calls = [connection.getAccessToken({ rejected, signal }), connection.getAccessToken({ rejected })];
      open();
      assert.deepEqual(await Promise.all(calls), Array(2).fill("at-canary-alice-2"));
      assert.equal(connection.getSnapshot().state, "active");
      await connection.signout({ signal });
      assert.match(await (await client.login("bob", "pw", { signal })).getAccessToken(), /-bob-/);
    });
  }

  test("that is only half of one is an argument at fault", async () => {
    const { client, connection } = await expired();
    for (const signal of [{ removeEventListener() {} }, { addEventListener() {} }]) {
      for (const call of [
        () => client.login("u", "p", { signal }),
        () => connection.getAccessToken({ signal }),
        () => connection.fetch("x", { signal }),
      ]) {
        await rejects(call(), { code: "invalid_argument", argument: "signal" });
      }
    }
  });
});

describe("a store", () => {
  for (const [what, watch] of [
    ["cannot be stopped", () => fail],
    ["is stopped by nothing", () => null],
    ["promises to be watched and is not", async () => fail()],
    ["cannot be watched", fail],
  ]) {
    test(`that ${what} harms neither its client nor the process`, async () => {
      const persistence = Object.assign(new WatchedStore(), { watch });
      const client = await start({ persistence });
      const connection = await client.login("alice", "pw");
      assert.match(await connection.getAccessToken(), /-alice-/);
      await settled();
      client[Symbol.dispose]();
      await rejects(client.restore(), { code: "aborted" });
    });
  }

  test("whose value is no text is one that cannot be read", async () => {
    const text = await stored();
    for (const value of [[text], { toString: () => text }, 5, true]) {
      const persistence = { read: () => value, compareAndSet: () => false };
      assert.equal(await start({ persistence }).restore(), null);
    }
  });
});

async function stored() {
  const persistence = new WatchedStore();
  await start({ persistence }).login("alice", "pw");
  return persistence.read();
}
