import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { WatchedStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";

const CALLS = 20;

/** A server that always answers with the same tokens, and an API that refuses them. */
function constant(expires_in) {
  const tokens = { access_token: "same", token_type: "Bearer", expires_in, refresh_token: "same" };
  const sent = [];
  const fetch = async (url) => {
    const isGrant = url.includes("/connect/token");
    sent.push(isGrant ? "grant" : "call");
    return isGrant ? json(200, tokens) : json(401, {});
  };
  return { fetch, sent, grants: () => sent.filter((what) => what === "grant").length };
}

describe("a server that always answers with the same tokens", () => {
  for (const expires_in of [3600, 60, undefined]) {
    test(`is asked once for each call that refuses a token: expires_in ${expires_in}`, async () => {
      await inTime(async (time) => {
        const { fetch, grants } = constant(expires_in);
        const connection = await start({ fetch }).login("alice", "pw");
        const ask = () => connection.getAccessToken({ rejected: "same" });
        assert.deepEqual(new Set(await Promise.all(Array.from({ length: CALLS }, ask))), new Set(["same"]));
        assert.equal(grants(), 2);
        assert.equal(await connection.getAccessToken(), "same");
        await time.pass(1_000_000);
        assert.equal(grants(), 2);
      });
    });

    test(`is asked once, however often an API answers 401: expires_in ${expires_in}`, async () => {
      const { fetch, grants } = constant(expires_in);
      const connection = await start({ fetch }).login("alice", "pw");
      for (let call = 0; call < CALLS; call += 1) assert.equal((await connection.fetch("me")).status, 401);
      assert.equal(grants(), 2);
    });
  }

  test("is asked once at each expiry, by clients that share a store", async () => {
    await inTime(async (time) => {
      const { fetch, grants } = constant(60);
      const persistence = new WatchedStore();
      const open = () => start({ fetch, persistence });
      const connections = [await open().login("alice", "pw")];
      for (let count = 0; count < 3; count += 1) connections.push(await open().restore());
      for (let expiry = 1; expiry <= 3; expiry += 1) {
        await time.pass(61_000);
        const asked = Promise.all(connections.map((connection) => connection.getAccessToken()));
        assert.deepEqual(await time.settling(asked), ["same", "same", "same", "same"]);
        assert.equal(grants(), 1 + expiry);
      }
      await time.pass(1_000_000);
      assert.equal(grants(), 4);
    });
  });
});
