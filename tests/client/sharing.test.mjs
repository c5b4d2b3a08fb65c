import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { entryUrl, expired, rejects, server, start } from "../shared/client.mjs";
import { FileStore, LockedStore, MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled, until } from "../shared/waiting.mjs";

let time;
beforeEach(() => {
  time = new Time();
});
afterEach(() => time.restore());

const sent = () => server.count("refresh_token");
const never = () => new Promise(() => {});

/** So many clients, as on so many machines, with the session in the store. */
function restored(count, options) {
  return Promise.all(Array.from({ length: count }, () => start(options).restore()));
}

describe("clients that share a store", () => {
  for (const [what, Store] of [
    ["with a lock", LockedStore],
    ["that tells", WatchedStore],
    ["that only compares and sets", MemoryStore],
  ]) {
    test(`${what}: 20 of them make one request at one expiry, and have the same token`, async () => {
      const persistence = new Store();
      await expired({ persistence });
      const connections = await restored(20, { persistence });
      for (const generation of [2, 3, 4]) {
        server.lifetime = generation * 1_000;
        const tokens = await time.settling(Promise.all(connections.map((connection) => connection.getAccessToken({}))));
        assert.deepEqual([...new Set(tokens)], [`at-canary-alice-${generation}`]);
        assert.equal(sent(), generation - 1);
        await time.pass(generation * 1_000_000);
      }
      for (const connection of connections) assert.equal(connection.getSnapshot().state, "active");
      assert.equal(time.pending, 0);
    });

    test(`${what}: two that open with the same foreign token make one request`, async () => {
      const token = (await start().login("alice", "pw")).retrievePersistanceToken();
      const persistence = new Store();
      const calls = Array.from({ length: 2 }, () => start({ persistence }).loginWithPersistance(token));
      const connections = await time.settling(Promise.all(calls));
      const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
      assert.deepEqual(tokens, ["at-canary-alice-2", "at-canary-alice-2"]);
      assert.equal(sent(), 1);
    });

    test(`${what}: a sign-out while another refreshes ends it for both, and what comes late is revoked`, async () => {
      const persistence = new Store();
      const { connection } = await expired({ persistence });
      const [other] = await restored(1, { persistence });
      const open = server.hold("refresh_token");
      const call = rejects(connection.getAccessToken(), { code: "session_ended", reason: "signed_out" });
      await until(() => sent() === 1);
      await other.signout();
      open();
      await time.settling(call);
      await until(() => server.count("revocation") === 2);
      assert.equal(persistence.record.ended, "signed_out");
    });
  }

  test("wait no longer for one that dies under the lock", async () => {
    const persistence = new LockedStore();
    await expired({ persistence });
    const [gone, other] = await restored(2, { persistence });
    server.answer = never;
    gone.getAccessToken().catch(() => {});
    await until(() => sent() === 1);
    const call = other.getAccessToken();
    await until(() => persistence.waiting.length === 1);
    server.answer = () => undefined;
    persistence.waiting.shift().resolve();
    assert.match(await call, /-alice-2/);
    assert.equal(time.passed, 0);
  });
});

describe("a process that is killed while it refreshes", () => {
  let folder;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("is waited out, and another goes on with the session", async () => {
    const persistence = new FileStore(join(folder, "session"));
    await expired({ persistence });
    const source = `
      import { initialize } from ${JSON.stringify(entryUrl)};
      import { FileStore } from ${JSON.stringify(new URL("../shared/stores.mjs", import.meta.url).href)};
      const persistence = new FileStore(${JSON.stringify(persistence.path)});
      const fetch = () => { console.log("sending"); return new Promise(() => {}); };
      const connection = await initialize("demo", "demo-key", { fetch, persistence, timeout: 60_000 }).restore();
      setInterval(() => {}, 1_000);
      await connection.getAccessToken();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    assert.match(persistence.read(), /"claim":/);
    const [connection] = await restored(1, { persistence, timeout: 60_000 });
    const token = await time.settling(connection.getAccessToken());
    assert.match(token, /-alice-2/);
    assert.equal(sent(), 1);
    assert.ok(time.passed >= 60_000, `${time.passed} ms`);
    assert.ok(persistence.read().includes(token));
    assert.doesNotMatch(persistence.read(), /"claim":/);
  });
});

describe("a lock that", () => {
  const locks = {
    "is none": undefined,
    "never calls back": never,
    throws: thrower,
    rejects: async () => thrower(),
    "gives nothing": () => undefined,
    "calls back, and throws": (lock, run) => {
      lock(run);
      thrower();
    },
    "calls back twice": (lock, run) => lock(() => Promise.all([run(), run()])),
    "calls back again when it was given back": (lock, run) => lock(() => run().then(run)),
    "calls back too late": async (lock, run) => {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return lock(run);
    },
  };
  function thrower() {
    throw new Error("no lock");
  }
  for (const [what, misbehave] of Object.entries(locks)) {
    test(`${what} costs time at most`, async () => {
      const persistence = new LockedStore();
      const lock = persistence.lock.bind(persistence);
      let running = 0;
      persistence.lock =
        misbehave && ((key, signal, run) => misbehave((hold) => lock(key, signal, hold), counted(run)));
      const counted = (run) => async () => {
        running += 1;
        await run();
        running -= 1;
      };
      await expired({ persistence });
      const [one, other] = await restored(2, { persistence });
      for (const generation of [2, 3, 4]) {
        server.lifetime = generation * 1_000;
        const tokens = await time.settling(Promise.all([one.getAccessToken({}), other.getAccessToken({})]));
        assert.deepEqual([...new Set(tokens)], [`at-canary-alice-${generation}`]);
        assert.equal(sent(), generation - 1);
        await time.pass(generation * 1_000_000);
      }
      assert.equal(persistence.record.refresh_token, one.retrievePersistanceToken());
      assert.equal(running, 0);
      assert.equal(persistence.held.size, 0);
    });
  }

  test("holds for ever keeps the next call for no longer than its time, and later ones hardly at all", async () => {
    const persistence = new MemoryStore();
    let isTaken = false;
    persistence.lock = async (_key, _signal, run) => {
      if (isTaken) await never();
      isTaken = true;
      await run();
      await never();
    };
    const { connection } = await expired({ persistence });
    for (const generation of [2, 3]) {
      const token = await time.settling(connection.getAccessToken({ rejected: `at-canary-alice-${generation - 1}` }));
      assert.equal(token, `at-canary-alice-${generation}`);
    }
    const { passed } = time;
    assert.ok(passed >= 10_000 && passed <= 11_000, `${passed} ms`);
    await time.settling(connection.getAccessToken({ rejected: "at-canary-alice-3" }));
    assert.equal(time.passed, passed + 100);
    assert.equal(sent(), 3);
  });

  test("somebody else has for too long is waited for no more", async () => {
    const persistence = new LockedStore();
    const { connection } = await expired({ persistence });
    persistence.lock(persistence.key, new AbortController().signal, never);
    const call = connection.getAccessToken();
    await until(() => persistence.waiting.length === 1);
    assert.match(await time.settling(call), /-alice-2/);
    assert.equal(persistence.waiting.length, 0);
    assert.ok(time.passed <= 11_000, `${time.passed} ms`);
  });

  test("is asked for no more when the call that wanted it has gone", async () => {
    const persistence = new LockedStore();
    const { connection } = await expired({ persistence });
    let release;
    persistence.lock(
      persistence.key,
      new AbortController().signal,
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    const controller = new AbortController();
    const call = rejects(connection.getAccessToken({ signal: controller.signal }), { code: "aborted" });
    await until(() => persistence.waiting.length === 1);
    controller.abort();
    await call;
    release();
    await settled();
    assert.equal(persistence.held.size, 0);
    assert.equal(sent(), 0);
    assert.match(await connection.getAccessToken(), /-alice-2/);
  });
});
