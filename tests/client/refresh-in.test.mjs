import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";

/** A session whose client asks `refreshIn`, and what that was asked. */
async function signedIn(answer, options) {
  const asked = [];
  const refreshIn = (...args) => {
    asked.push(args);
    return answer?.(...args);
  };
  const client = await start({ persistence: new MemoryStore(), refreshIn, ...options });
  return { connection: await client.login("alice", "pw"), asked };
}

async function refresh(connection) {
  return connection.getAccessToken({ rejected: await connection.getAccessToken() });
}

describe("a holder that is asked to refresh", () => {
  test("is told the session and the generation in hand, before each refresh", async () => {
    const { connection, asked } = await signedIn();
    const { sessionId } = connection.getSnapshot();
    assert.deepEqual(asked, []);
    await refresh(connection);
    await refresh(connection);
    assert.deepEqual(asked, [
      [sessionId, 1],
      [sessionId, 2],
    ]);
    assert.equal(server.count("refresh_token"), 2);
  });

  test("has its token taken from the store", async () => {
    const persistence = new MemoryStore();
    const other = await start({ persistence });
    const { connection } = await signedIn(async () => refresh(await other.restore()), { persistence });
    assert.match(await refresh(connection), /-alice-2$/);
    assert.equal(server.count("refresh_token"), 1);
  });

  test("is not asked for what a 401 of connection.fetch has begun", async () => {
    const fetch = async (url, init) => {
      if (!String(url).startsWith("https://api.")) return server.fetch(url, init);
      return json(new Headers(init.headers).get("authorization").endsWith("-1") ? 401 : 200, {});
    };
    const { connection, asked } = await signedIn(undefined, { fetch });
    assert.equal((await connection.fetch("me")).status, 200);
    assert.equal(server.count("refresh_token"), 1);
    assert.deepEqual(asked, []);
  });

  const answers = {
    throws: () => {
      throw new Error("not here");
    },
    rejects: async () => {
      throw new Error("not here");
    },
    "says that it has a token": () => ({ access_token: "none" }),
  };
  for (const [what, answer] of Object.entries(answers)) {
    test(`and ${what} is done without`, async () => {
      const { connection } = await signedIn(answer);
      assert.match(await refresh(connection), /-alice-2$/);
    });
  }

  test("and never answers is waited for as another holder is, and no longer", () =>
    inTime(async (time) => {
      const { connection } = await signedIn(() => new Promise(() => {}));
      const refreshed = refresh(connection);
      await time.pass(10_900);
      assert.equal(server.count("refresh_token"), 0);
      await time.pass(1_000);
      assert.match(await refreshed, /-alice-2$/);
    }));
});
