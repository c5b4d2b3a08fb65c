import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { allTokens, logIn, newSessionTest, openSession, restoredUser, sessionPage } from "./session-page.mjs";

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page, before its own scripts, as browsers do where a user refuses cookies. */
function blockStorage() {
  Object.defineProperty(window, "localStorage", {
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  });
}

/** For the page, before its own scripts. */
function fillStorage() {
  Storage.prototype.setItem = () => {
    throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
  };
}

/** For the page, before its own scripts: ways in which there is no IndexedDB. */
const withoutIndexedDB = {
  "is missing": () => Object.defineProperty(window, "indexedDB", { value: undefined }),
  "may not be looked at": () =>
    Object.defineProperty(window, "indexedDB", {
      get() {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    }),
  "may not be opened": () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("Access is denied in this context.", "SecurityError");
    };
  },
  "cannot be opened": () => {
    IDBFactory.prototype.open = () => {
      const opening = new EventTarget();
      setTimeout(() => opening.onerror(new Event("error")));
      return opening;
    };
  },
};

/** For the page, before its own scripts or later. */
function silenceIndexedDB() {
  IDBFactory.prototype.open = () => new EventTarget();
}

/** For the page. */
function abortReads() {
  IDBObjectStore.prototype.get = function () {
    this.transaction.abort();
    return {};
  };
}

/** For the page: takes the place of the record. */
function putRecord(text) {
  return window.inRegister((store) => store.put(text, localStorage.key(0)));
}

/** For the page, before its own scripts: each of these in turn. */
async function prepared(page, ...preparations) {
  for (const prepare of preparations) await page.evaluateOnNewDocument(prepare);
}

const junk = {
  "no JSON": "junk",
  "no object": "[1]",
  "an empty object": "{}",
  "a record without tokens": '{"v":2,"sid":"s","gen":1}',
  "a record of the first version": '{"v":1,"sid":"s","gen":1}',
  "a record of a later version": '{"v":3,"sid":"s","gen":1}',
};

inEachBrowser((browser) => {
  /** A tab where a user has signed in, after `preparations`. */
  async function signedIn(t, ...preparations) {
    const test = await newSessionTest(t, browser(), site);
    const { page, problems } = await test.open();
    await prepared(page, ...preparations);
    await test.reload(page);
    await page.evaluate(logIn);
    return { ...test, page, problems };
  }

  const storageOf = (page) => page.evaluate(() => window.client.getSnapshot().storage);

  for (const [what, ...preparations] of [
    ["IndexedDB is missing and localStorage is blocked", withoutIndexedDB["is missing"], blockStorage],
    ["IndexedDB may not be opened and localStorage is blocked", withoutIndexedDB["may not be opened"], blockStorage],
    ["IndexedDB cannot be opened and localStorage is blocked", withoutIndexedDB["cannot be opened"], blockStorage],
    ["IndexedDB is missing and localStorage is full", withoutIndexedDB["is missing"], fillStorage],
  ]) {
    test(`where ${what} the session lives in memory`, async (t) => {
      const { server, reload, page, problems } = await signedIn(t, ...preparations);
      const seen = await page.evaluate(async () => {
        const [first, second] = [await window.connection.getAccessToken(), window.client.getSnapshot()];
        const next = await window.connection.getAccessToken({ rejected: first });
        return {
          user: await window.userOf(window.connection),
          storage: [second.storage, window.client.getSnapshot().storage],
          isRefreshed: next !== first,
          isConnected: window.client.getSnapshot().connection !== null,
        };
      });
      assert.deepEqual(seen, { user: "alice", storage: ["none", "none"], isRefreshed: true, isConnected: true });
      await page.evaluate(() => window.connection.signout());
      assert.equal(server.count("revocation"), 1);
      await reload(page);
      assert.equal(await page.evaluate(restoredUser), null);
      assert.deepEqual(problems, []);
    });
  }

  for (const [what, prepare] of [
    ...Object.entries(withoutIndexedDB).map(([how, prepare]) => [`IndexedDB ${how}`, prepare]),
    ["localStorage is blocked", blockStorage],
    ["localStorage is full", fillStorage],
  ]) {
    test(`where ${what} the other keeps the session`, async (t) => {
      const { server, reload, page, problems } = await signedIn(t, prepare);
      await page.evaluate(async () => {
        await window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
      });
      const tokens = await page.evaluate(allTokens);
      await reload(page);
      assert.equal(await page.evaluate(restoredUser), "alice");
      assert.deepEqual(await page.evaluate(allTokens), tokens);
      assert.equal(await storageOf(page), "ok");
      await page.evaluate(() => window.connection.signout());
      await reload(page);
      assert.equal(await page.evaluate(restoredUser), null);
      assert.equal(await storageOf(page), "ok");
      assert.equal(server.count("token"), 2);
      assert.equal(server.count("revocation"), 1);
      assert.deepEqual(problems, []);
    });
  }

  test("while IndexedDB does not answer neither a copy nor its absence is believed", async (t) => {
    const { server, open, reload, page, problems } = await signedIn(t);
    const tokens = await page.evaluate(allTokens);
    const { page: other } = await open(silenceIndexedDB);
    const restore = () => window.outcome(window.client.restore());
    assert.equal((await other.evaluate(restore)).code, "unavailable");
    await other.evaluate(() => localStorage.clear());
    assert.equal((await other.evaluate(restore)).code, "unavailable");
    assert.equal(await storageOf(other), "degraded");
    assert.equal(server.count("token"), 1);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.deepEqual(await page.evaluate(allTokens), tokens);
    assert.deepEqual(problems, []);
  });

  test("a page that stands still while it opens its storage finds its session all the same", async (t) => {
    const { server, reload, page, problems } = await signedIn(t);
    await reload(page);
    const user = await page.evaluate(async () => {
      const restoring = window.client.restore();
      await null;
      for (const end = performance.now() + 2_500; performance.now() < end; );
      return window.userOf(await restoring);
    });
    assert.equal(user, "alice");
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problems, []);
  });

  test("a transaction that is aborted is a failure of the store, not an answer", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(openSession, 1_000);
    const tokens = await page.evaluate(allTokens);
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = function () {
        this.transaction.abort();
      };
    });
    const call = (rejected) => window.outcome(window.connection.getAccessToken({ rejected }));
    const { value } = await page.evaluate(call, tokens[0]);
    assert.ok(value && value !== tokens[0]);
    assert.equal(server.count("token"), 2);
    assert.equal(await storageOf(page), "degraded");
    assert.equal(await page.evaluate(() => window.connection.getSnapshot().error), null);
    await reload(page);
    await page.evaluate(async () => {
      window.connection = await window.client.restore();
    });
    assert.deepEqual(await page.evaluate(allTokens), tokens);
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problems, []);
  });

  test("a session survives when either storage is emptied", async (t) => {
    const { server, reload, page, problems } = await signedIn(t);
    const tokens = await page.evaluate(allTokens);
    await page.evaluate(() => localStorage.clear());
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");

    const next = await page.evaluate((rejected) => window.connection.getAccessToken({ rejected }), tokens[0]);
    await page.evaluate(() => window.emptyRegister());
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.equal(await page.evaluate(() => window.connection.getAccessToken()), next);

    await page.evaluate((rejected) => window.connection.getAccessToken({ rejected }), next);
    const [entry] = await page.evaluate(() => window.inRegister());
    assert.equal(JSON.parse(entry).gen, 3);
    assert.equal(await page.evaluate(() => localStorage.getItem(localStorage.key(0))), entry);
    assert.equal(server.count("token"), 3);
    assert.deepEqual(problems, []);
  });

  test("a look into IndexedDB that fails is no proof that nothing is there, and nothing is sent until it succeeds", async (t) => {
    const { server, page, problems } = await signedIn(t, fillStorage);
    await page.evaluate(() => {
      const [{ get }, { open }] = [IDBObjectStore.prototype, IDBFactory.prototype];
      window.mend = () => {
        IDBObjectStore.prototype.get = get;
        IDBFactory.prototype.open = open;
      };
      window.failures = [];
      window.client.trace(({ type, failed }) => type === "storage" && window.failures.push(failed));
    });
    let requests = 1;
    for (const prepare of [abortReads, withoutIndexedDB["may not be opened"], silenceIndexedDB]) {
      await page.evaluate(prepare);
      await page.evaluate(async () => {
        window.failures = [];
        const rejected = await window.connection.getAccessToken();
        window.call = window.connection.getAccessToken({ rejected });
      });
      await until(page, () => window.failures.length > 1);
      assert.equal(server.count("token"), requests);
      assert.equal(await storageOf(page), "degraded");
      await page.evaluate(() => window.mend());
      requests += 1;
      await page.evaluate(() => window.call);
      assert.equal(server.count("token"), requests);
      assert.equal(await storageOf(page), "ok");
    }
    assert.deepEqual(problems, []);
  });

  test("what a page without IndexedDB has written is not lost to those that have it", async (t) => {
    const { server, open, reload, page, problems } = await signedIn(t);
    const { page: other } = await open(withoutIndexedDB["is missing"]);
    const next = await other.evaluate(async () => {
      window.connection = await window.client.restore();
      const rejected = await window.connection.getAccessToken();
      return window.connection.getAccessToken({ rejected });
    });
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.equal(JSON.parse(await page.evaluate(async () => (await window.inRegister())[0])).gen, 2);
    assert.equal(await page.evaluate(() => window.connection.getAccessToken()), next);
    await page.evaluate((rejected) => window.connection.getAccessToken({ rejected }), next);
    assert.equal(JSON.parse(await page.evaluate(async () => (await window.inRegister())[0])).gen, 3);
    assert.equal(await storageOf(page), "ok");

    await page.evaluate(silenceIndexedDB);
    await page.evaluate(() => void window.connection.signout().catch(() => {}));
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.equal(server.count("token"), 3);
    assert.deepEqual(problems, []);
  });

  test("what localStorage has no room for is not there as an older copy", async (t) => {
    const { page, problems } = await signedIn(t);
    assert.equal(await page.evaluate(() => localStorage.length), 1);
    await page.evaluate(fillStorage);
    await page.evaluate(async () => {
      await window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
    });
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    assert.equal(await storageOf(page), "ok");
    assert.deepEqual(problems, []);
  });

  test("a session that has ended stays so, whatever localStorage holds", async (t) => {
    const { reload, page, problems } = await signedIn(t);
    const [key, text] = await page.evaluate(() => Object.entries(localStorage)[0]);
    await page.evaluate(() => window.connection.signout());
    const later = JSON.stringify({ ...JSON.parse(text), gen: 9 });
    await page.evaluate((...entry) => localStorage.setItem(...entry), key, later);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    assert.deepEqual(problems, []);
  });

  test("with localStorage blocked a tab still learns of a sign-in and a sign-out in another", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(blockStorage), await open(blockStorage)];
    await one.page.evaluate(() => {
      window.begun = window.snapshotWhere(window.client, ({ connection }) => connection !== null);
    });
    await two.page.evaluate(logIn);
    const user = await one.page.evaluate(async () => window.userOf((await window.begun).connection));
    assert.equal(user, "alice");
    await one.page.evaluate(() => {
      window.ended = window.snapshotWhere(window.client, ({ connection }) => connection === null);
    });
    await two.page.evaluate(() => window.connection.signout());
    assert.equal((await one.page.evaluate(() => window.ended)).connection, null);
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("what is stored and is no session is reported, and left alone until the next login", async (t) => {
    const { server, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    for (const [what, text] of Object.entries(junk)) {
      await page.evaluate(putRecord, text);
      await reload(page);
      const seen = await page.evaluate(async () => {
        const restored = await window.client.restore();
        const { ready, connection, error } = window.client.getSnapshot();
        return { restored, ready, connection, code: error.code, kept: (await window.inRegister())[0] };
      });
      assert.deepEqual(seen, { restored: null, ready: true, connection: null, code: "unsupported", kept: text }, what);
    }
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problems, []);
  });

  test("a login takes the place of what is no session", async (t) => {
    const { open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(logIn);
    await page.evaluate(putRecord, "junk");
    await reload(page);
    await page.evaluate(logIn);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.equal(await page.evaluate(() => window.client.getSnapshot().error), null);
    assert.deepEqual(problems, []);
  });

  test("a storage that is cleared ends the session in every other tab", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const [one, two] = [await open(), await open()];
    await one.page.evaluate(logIn);
    await one.page.evaluate(() => {
      window.ended = window.snapshotWhere(window.client, ({ connection }) => connection === null);
    });
    await two.page.evaluate(async () => {
      await window.emptyRegister();
      localStorage.clear();
    });
    const call = await one.page.evaluate(async () => {
      await window.ended;
      return window.outcome(window.connection.getAccessToken());
    });
    assert.deepEqual(call, { name: "MeshyError", code: "session_ended", reason: "removed" });
    assert.deepEqual([...one.problems, ...two.problems], []);
  });

  test("no secret is in a storage key or a snapshot, and no password is in the storage", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const { page } = await open();
    await page.evaluate(logIn);
    const tokens = await page.evaluate(allTokens);
    const { keys, values, session, snapshots } = await page.evaluate(() => ({
      keys: Object.keys(localStorage),
      values: Object.values(localStorage),
      session: Object.keys(sessionStorage),
      snapshots: JSON.stringify([window.client.getSnapshot(), window.connection.getSnapshot()]),
    }));
    assert.equal(keys.length, 1);
    assert.deepEqual(session, []);
    for (const token of tokens) assert.ok(values[0].includes(token));
    for (const secret of [...tokens, "wonderland"]) {
      assert.equal(keys[0].includes(secret), false);
      assert.equal(snapshots.includes(secret), false);
    }
    assert.equal(values[0].includes("wonderland"), false);
    assert.equal(values[0].includes("alice"), false);
  });
});
