import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expired, rejects, secret, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

const HOUR = 3_600_000;
const refuse = ({ grant }) => (grant === "refresh_token" ? json(400, { error: "invalid_grant" }) : undefined);

describe("a server that has ended a session", () => {
  test("is heard of by the first call: a client is made, restores, and the next login takes its place", () =>
    inTime(async (time) => {
      const persistence = new MemoryStore();
      await expired({ persistence });
      await time.pass(HOUR);
      server.answer = refuse;
      const client = await start({ persistence });
      const connection = await client.restore();
      assert.equal(connection.getSnapshot().state, "active");
      await rejects(connection.getAccessToken(), { code: "session_ended", reason: "invalid_grant" });
      assert.equal(client.getSnapshot().connection, null);
      assert.equal(JSON.stringify(persistence.record).includes(secret), false);
      assert.match(await (await client.login("alice", "pw")).getAccessToken(), /-alice-2/);
      assert.equal(server.count("refresh_token"), 1);
    }));

  test("is heard of by a refresh ahead, too, and the token in hand is given to nobody any more", () =>
    inTime(async (time) => {
      server.lifetime = 1_000;
      const client = await start({ persistence: new MemoryStore() });
      const connection = await client.login("alice", "pw");
      const first = await connection.getAccessToken();
      await time.pass(910_000);
      server.answer = refuse;
      assert.equal(await connection.getAccessToken(), first);
      await until(() => connection.getSnapshot().state === "ended");
      assert.ok(connection.getSnapshot().expiresAt > Date.now());
      await rejects(connection.getAccessToken(), { code: "session_ended", reason: "invalid_grant" });
    }));
});

describe("a refusal that comes late", () => {
  test("to a client whose session a login of another has replaced takes nothing from that", async () => {
    const persistence = new MemoryStore();
    const { connection } = await expired({ persistence });
    const open = server.hold("refresh_token");
    server.answer = refuse;
    const refused = connection.getAccessToken();
    await until(() => server.count("refresh_token") === 1);
    const again = await start({ persistence }).login("alice", "pw");
    const { access_token, refresh_token } = persistence.record;
    open();
    await rejects(refused, { code: "session_ended", reason: "replaced" });
    await settled();
    assert.equal(persistence.record.access_token, access_token);
    assert.equal(persistence.record.refresh_token, refresh_token);
    assert.equal(await again.getAccessToken(), access_token);
  });
});

describe("a sign-out without a network", () => {
  test("is one here, in the store, and for every other client of it", async () => {
    const persistence = new MemoryStore();
    const { client, connection } = await expired({ persistence });
    const other = await start({ persistence }).restore();
    server.answer = () => Promise.reject(new TypeError("fetch failed"));
    await connection.signout();
    assert.equal(JSON.stringify(persistence.record).includes(secret), false);
    assert.equal(await client.restore(), null);
    await rejects(other.getAccessToken(), { code: "session_ended", reason: "signed_out" });
    assert.equal(server.count("refresh_token"), 0);
  });
});

describe("a clock that is wrong all the time", () => {
  for (const [what, offset] of [
    ["by an hour, ahead,", HOUR],
    ["by an hour, behind,", -HOUR],
  ]) {
    test(`${what} changes nothing: a token lives as long as the server said`, () =>
      inTime(async (time) => {
        const { now } = Date;
        Date.now = () => now() + offset;
        server.lifetime = 60;
        const connection = await start({ persistence: new MemoryStore() }).login("alice", "pw");
        const first = await connection.getAccessToken();
        await time.pass(53_000);
        assert.equal(await connection.getAccessToken(), first);
        await settled();
        assert.equal(server.count("refresh_token"), 0);
        await time.pass(8_000);
        assert.match(await connection.getAccessToken(), /-alice-2/);
        assert.equal(server.count("refresh_token"), 1);
      }));
  }
});
