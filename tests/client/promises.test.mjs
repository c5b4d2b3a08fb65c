import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expired, rejects, secret, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";
import { rejection, settled, until } from "../shared/waiting.mjs";

const set = (refreshToken, accessToken = "adopted") => ({
  access_token: accessToken,
  token_type: "Bearer",
  expires_in: 60,
  refresh_token: refreshToken,
});
const again = async (connection) => connection.getAccessToken({ rejected: await connection.getAccessToken() });
const sent = () => server.count("refresh_token");

describe("a client that has several sessions in memory", () => {
  test("refuses a past token of one of them without a request, and joins with the newest", async () => {
    const client = await start();
    const alice = await client.login("alice", "pw");
    const bob = await client.login("bob", "pw");
    const past = alice.retrievePersistanceToken();
    await again(alice);
    assert.equal(sent(), 1);
    await rejects(client.loginWithPersistance(past), { code: "invalid_grant", retryable: false });
    assert.equal(sent(), 1);
    for (const connection of [alice, bob]) assert.equal(connection.getSnapshot().state, "active");
    const joined = await client.loginWithPersistance(alice.retrievePersistanceToken());
    assert.equal(await joined.getAccessToken(), await alice.getAccessToken());
    assert.equal(joined.retrievePersistanceToken(), alice.retrievePersistanceToken());
    await joined.signout();
    assert.deepEqual(
      [alice, bob].map((connection) => connection.getSnapshot().state),
      ["ended", "active"],
    );
  });

  for (const [what, prepare] of [
    ["", () => {}],
    [", and had none to restore", (client) => client.restore()],
    [
      ", and was refused another",
      (client) => rejects(client.loginWithPersistance("unknown"), { code: "invalid_grant" }),
    ],
  ]) {
    test(`joins with a past token while it has opened one alone${what}`, async () => {
      const client = await start();
      await prepare(client);
      const alice = await client.login("alice", "pw");
      const past = alice.retrievePersistanceToken();
      await again(alice);
      const joined = await client.loginWithPersistance(past);
      assert.equal(await joined.getAccessToken(), await alice.getAccessToken());
      assert.equal(server.sent("refresh_token").filter(({ form }) => form.refresh_token === past).length, 1);
    });
  }
});

describe("adopt", () => {
  test("in memory, of a client that has opened several sessions, is refused with a token that was rotated", async () => {
    const client = await start();
    const alice = await client.login("alice", "pw");
    const past = alice.retrievePersistanceToken();
    await again(alice);
    await client.login("bob", "pw");
    await rejects(client.adopt(set(past)), { code: "invalid_grant" });
    const joined = await client.adopt(set(alice.retrievePersistanceToken()));
    assert.equal(await joined.getAccessToken(), await alice.getAccessToken());
    client[Symbol.dispose]();
    await rejects(client.adopt(set(alice.retrievePersistanceToken())), { code: "aborted" });
  });

  for (const [what, persistence] of [
    ["in memory", () => "none"],
    ["with a store", () => new MemoryStore()],
  ]) {
    test(`${what}: an earlier set joins the live session, and nothing is revoked`, async () => {
      const client = await start({ persistence: persistence() });
      const connection = await client.adopt(set((await start().login("alice", "pw")).retrievePersistanceToken()));
      const first = connection.retrievePersistanceToken();
      await again(connection);
      await again(connection);
      const joined = await client.adopt(set(first));
      assert.match(await joined.getAccessToken(), /-alice-3/);
      assert.equal(joined.retrievePersistanceToken(), connection.retrievePersistanceToken());
      assert.match(await again(joined), /-alice-4/);
      assert.equal(await connection.getAccessToken(), await joined.getAccessToken());
      assert.equal(connection.getSnapshot().state, "active");
      assert.equal(server.count("revocation"), 0);
      assert.equal(sent(), 3);
    });
  }

  for (const [what, persistence] of [
    ["in memory", () => "none"],
    ["with a store", () => new MemoryStore()],
  ]) {
    test(`${what}: of one set twice at once is one session`, () =>
      inTime(async (time) => {
        const tokens = set((await start().login("alice", "pw")).retrievePersistanceToken());
        const client = await start({ persistence: persistence() });
        const connections = await Promise.all([client.adopt(tokens), client.adopt(tokens)]);
        const next = await time.settling(Promise.all(connections.map(again)));
        assert.deepEqual(next, ["at-canary-alice-2", "at-canary-alice-2"]);
        assert.equal(sent(), 1);
      }));
  }

  test("of another grant replaces the stored session, and does not revoke it", async () => {
    const client = await start({ persistence: new MemoryStore() });
    const alice = await client.login("alice", "pw");
    const connection = await client.adopt(set("foreign"));
    await until(() => alice.getSnapshot().state === "ended");
    assert.equal(alice.getSnapshot().error.reason, "replaced");
    assert.equal(await connection.getAccessToken(), "adopted");
    await settled();
    assert.equal(server.count("revocation"), 0);
  });
});

describe("a session without a refresh token", () => {
  for (const [what, persistence] of [
    ["in memory", () => "none"],
    ["with a store", () => new MemoryStore()],
  ]) {
    test(`${what} serves its token, and ends as expired`, () =>
      inTime(async (time) => {
        const client = await start({ persistence: persistence() });
        const connection = await client.adopt(set(undefined));
        await time.pass(59_000);
        assert.equal(await connection.getAccessToken({ minValidity: 30 }), "adopted");
        const expired = { code: "session_ended", reason: "expired" };
        await rejects(connection.getAccessToken({ rejected: "adopted" }), expired);
        assert.equal(connection.getSnapshot().state, "active");
        let heard = 0;
        connection.subscribe(() => {
          heard += 1;
        });
        await time.pass(1_000);
        assert.equal(connection.getSnapshot().state, "ended");
        assert.equal(connection.getSnapshot().error.reason, "expired");
        assert.ok(heard > 0);
        await rejects(connection.getAccessToken(), expired);
        assert.equal(client.getSnapshot().connection, null);
        assert.equal(await client.restore(), null);
        assert.equal(server.requests.length, 0);
        assert.equal(time.pending, 0);
      }));
  }
});

describe("signout", () => {
  /** A store whose methods of these names fail until it is told to work. */
  function failing(persistence, names) {
    for (const name of names) persistence[name] = () => Promise.reject(new Error(secret));
    return () => {
      for (const name of names) delete persistence[name];
    };
  }

  for (const names of [["read"], ["compareAndSet"], ["read", "compareAndSet"]]) {
    test(`while ${names.join(" and ")} fail for a while is done, and another client sees it`, () =>
      inTime(async (time) => {
        const persistence = new MemoryStore();
        const client = await start({ persistence });
        const connection = await client.login("alice", "pw");
        const other = await start({ persistence }).restore();
        const mend = failing(persistence, names);
        setTimeout(mend, 100);
        const done = connection.signout();
        assert.equal(connection.getSnapshot().state, "ended");
        await time.settling(done);
        assert.ok(time.passed >= 100 && time.passed <= 1_000, `${time.passed} ms`);
        assert.equal(persistence.record.ended, "signed_out");
        assert.equal(JSON.stringify(persistence.record).includes(secret), false);
        await rejects(again(other), { code: "session_ended", reason: "signed_out" });
        assert.equal(sent(), 0);
      }));
  }

  test("with a store that has stopped working is unavailable after the timeout, and is done when it works again", () =>
    inTime(async (time) => {
      const persistence = new MemoryStore();
      const connection = await start({ persistence, timeout: 2_000 }).login("alice", "pw");
      const mend = failing(persistence, ["read", "compareAndSet"]);
      await time.settling(rejects(connection.signout(), { code: "unavailable", retryable: true }));
      assert.equal(time.passed, 2_000);
      assert.equal(connection.getSnapshot().state, "ended");
      await time.pass(10_000);
      mend();
      await time.pass(60_000);
      assert.equal(persistence.record.ended, "signed_out");
      assert.equal(server.count("revocation"), 1);
    }));
});

describe("the words of a server", () => {
  const password = `p&w ${secret} + 100%`;
  for (const [what, words, isShown] of [
    ["with the password in them", password, false],
    ["with the password encoded in them", encodeURIComponent(password), false],
    ["with the password of a form in them", new URLSearchParams({ password }).toString(), false],
    ["with six characters of the password in them", `it is ...${secret}... I know`, false],
    ["of the server alone", "try another", true],
  ]) {
    test(`${what} are ${isShown ? "shown" : "not"}`, async () => {
      server.answer = () => json(400, { error: "invalid_grant", error_description: words });
      const client = await start();
      const error = await rejects(client.login("alice", password), { code: "invalid_grant", status: 400 });
      assert.equal(error.error_description, isShown ? words : undefined);
    });
  }
});

describe("a session is ended by", () => {
  const refusal = '{"error":"invalid_grant"}';
  for (const [status, text, isProof] of [
    [400, refusal, true],
    [401, refusal, true],
    [403, refusal, true],
    [404, refusal, false],
    [500, refusal, false],
    [200, refusal, false],
    [400, "invalid_grant", false],
    [400, '{"error":"invalid_request"}', false],
    [401, "{}", false],
  ]) {
    test(`${status} ${text} of any media type: ${isProof ? "yes" : "no"}`, () =>
      inTime(async (time) => {
        const { connection } = await expired({ timeout: 300 });
        await time.pass(60_000);
        server.answer = () => new Response(text, { status, headers: { "content-type": "text/html" } });
        const error = await time.settling(rejection(connection.getAccessToken()));
        assert.equal(error.reason, isProof ? "invalid_grant" : undefined);
        assert.equal(connection.getSnapshot().state === "ended", isProof);
        server.answer = () => undefined;
        await time.pass(60_000);
        if (!isProof) assert.match(await connection.getAccessToken(), /-alice-2/);
      }));
  }
});

describe("a pause", () => {
  test("until a date counts from the server's own", () =>
    inTime(async (time) => {
      const { connection } = await expired();
      const far = Date.now() - 86_400_000;
      const [date, later] = [far, far + 5_000].map((at) => new Date(at).toUTCString());
      const answers = [json(503, {}, { date, "retry-after": later })];
      server.answer = () => answers.shift();
      assert.match(await time.settling(connection.getAccessToken()), /-alice-2/);
      assert.ok(time.passed >= 5_000 && time.passed <= 5_001, `${time.passed} ms`);
    }));

  for (const [what, headers, isCutShort] of [
    ["of its own is cut short", {}, true],
    ["that the server asks for is not cut short", { "retry-after": "5" }, false],
  ]) {
    test(`${what} when the network is back`, () =>
      inTime(async (time) => {
        const page = new EventTarget();
        for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = page[name].bind(page);
        try {
          const { connection } = await expired();
          const answers = [json(503, {}, headers)];
          server.answer = () => answers.shift();
          const call = connection.getAccessToken();
          await until(() => connection.getSnapshot().state === "waiting");
          page.dispatchEvent(new Event("online"));
          await settled();
          assert.equal(sent(), isCutShort ? 2 : 1);
          assert.match(await time.settling(call), /-alice-2/);
        } finally {
          for (const name of ["addEventListener", "removeEventListener"]) delete globalThis[name];
        }
      }));
  }
});

test("a refresh token of 20,000 characters can be given back", async () => {
  const long = (number) => `${number}`.padStart(20_000, "r");
  server.answer = ({ grant, form }) => {
    if (grant === "password") return json(200, set(long(1), "at-1"));
    assert.equal(form.refresh_token, long(1));
    return json(200, set(long(2), "at-2"));
  };
  const saved = (await start().login("alice", "pw")).retrievePersistanceToken();
  assert.equal(saved, long(1));
  const connection = await start({ persistence: new MemoryStore() }).loginWithPersistance(saved);
  assert.equal(await connection.getAccessToken(), "at-2");
  assert.equal(connection.retrievePersistanceToken(), long(2));
});

describe("a session that has ended", () => {
  test("here is not opened again with its token while it is still stored: that is said, and not null", async () => {
    const persistence = new MemoryStore();
    const client = await start({ persistence, timeout: 300 });
    const connection = await client.login("alice", "pw");
    const kept = connection.retrievePersistanceToken();
    const { compareAndSet } = persistence;
    persistence.compareAndSet = () => Promise.reject(new Error("full"));
    await rejects(connection.signout(), { code: "unavailable" });
    const set = { access_token: "another", token_type: "Bearer", refresh_token: kept };
    await rejects(client.adopt(set), { code: "session_ended", reason: "signed_out" });
    persistence.compareAndSet = compareAndSet;
  });
});
