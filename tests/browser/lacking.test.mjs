import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser, problemsOf, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { logIn, newSessionTest, openSession, sessionPage, startRefresh } from "./session-page.mjs";

const ROUNDS = 10;

/** A worker of either kind: answers each message with what it has when it was asked for the token after another. */
const worker = `
  import { initialize } from "/pkg/index.js";

  const authUrl = self.location.search.slice(1);
  const client = initialize("demo", "demo-public-key", { authUrl, persistence: "local" });

  async function answer({ rejected, signsOut }) {
    const connection = await client.restore();
    if (!connection) return null;
    if (signsOut) await connection.signout();
    const token = await connection.getAccessToken({ rejected });
    return { token, generation: connection.getSnapshot().generation, isWorker: !("document" in self) };
  }

  self.onmessage = (event) => {
    const answered = answer(event.data).catch(({ message }) => message);
    const posted = answered.then((found) => event.ports[0].postMessage(found));
    event.waitUntil?.(posted);
  };
`;

const page = `
  ${sessionPage}

  const url = "/worker.js" + location.search;

  window.startWorker = {
    "a dedicated worker": async () => new Worker(url, { type: "module" }),
    "a service worker": async () => {
      await navigator.serviceWorker.register(url, { type: "module" });
      return (await navigator.serviceWorker.ready).active;
    },
  };

  window.askWorker = (worker, question) => {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      worker.postMessage(question, [port2]);
    });
  };
`;

let site;
before(async () => {
  site = await startSite(
    { "/page.js": page, "/worker.js": worker, "/away.js": "away" },
    "script-src 'self' 'wasm-unsafe-eval'",
  );
});
after(() => site.close());

const without = (name) => `Object.defineProperty(globalThis, "${name}", { value: undefined, configurable: true });`;
const noLocks = `Object.defineProperty(navigator, "locks", { value: undefined });`;
const blocked = `
  Object.defineProperty(globalThis, "localStorage", {
    get() {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    },
  });
`;
const full = `
  Storage.prototype.setItem = () => {
    throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
  };
`;
const platforms = {
  "no BroadcastChannel": [without("BroadcastChannel")],
  "no BroadcastChannel and no Web Locks": [without("BroadcastChannel"), noLocks],
  "no BroadcastChannel and localStorage blocked": [without("BroadcastChannel"), blocked],
  "localStorage blocked and no Web Locks": [blocked, noLocks],
  "localStorage full": [full],
};

/** For the page. */
function tokenAfter(rejected) {
  return window.connection.getAccessToken({ rejected });
}

inEachBrowser((browser) => {
  for (const [what, preparations] of Object.entries(platforms)) {
    test(`with ${what} two tabs share one session and its end`, async (t) => {
      const { server, open } = await newSessionTest(t, browser(), site);
      const prepare = preparations.join("\n");
      const tabs = [await open(prepare), await open(prepare)];
      const [one, two] = tabs.map(({ page }) => page);
      for (const page of [one, two]) await page.evaluate(openSession);
      let token = await one.evaluate(() => window.connection.getAccessToken());
      assert.equal(await two.evaluate(() => window.connection.getAccessToken()), token);
      for (let round = 1; round <= ROUNDS; round++) {
        const [next, other] = await Promise.all([one, two].map((page) => page.evaluate(tokenAfter, token)));
        assert.equal(other, next);
        assert.notEqual(next, token);
        assert.equal(server.count("token"), 1 + round);
        token = next;
      }
      for (const page of [one, two]) {
        assert.equal(await page.evaluate((token) => window.userWith(token), token), "alice");
        assert.equal(await page.evaluate(() => window.client.getSnapshot().storage), "ok");
      }
      await one.evaluate(() => window.connection.signout());
      const call = await two.evaluate(
        (token) => window.outcome(window.connection.getAccessToken({ rejected: token })),
        token,
      );
      assert.deepEqual(call, { name: "MeshyError", code: "session_ended", reason: "signed_out" });
      assert.equal(await two.evaluate(() => window.client.restore()), null);
      assert.deepEqual(problemsOf(tabs), []);
    });
  }

  for (const [what, prepare] of Object.entries({
    "a tab in the background": "",
    "timers that take a second": `
      const { setTimeout: set } = window;
      window.setTimeout = (run, ms, ...rest) => set(run, Math.max(ms, 1_000), ...rest);`,
  })) {
    test(`with no IndexedDB ${what} can refresh`, async (t) => {
      const { server, open } = await newSessionTest(t, browser(), site);
      const tabs = [await open(without("indexedDB") + prepare), await open(without("indexedDB"))];
      const [one, two] = tabs.map(({ page }) => page);
      await one.evaluate(openSession);
      await two.evaluate(openSession);
      await one.evaluate(startRefresh);
      assert.match(await one.evaluate(() => window.refreshed), /^[\w-]{20,}$/);
      assert.equal(server.count("token"), 2);
      assert.deepEqual(problemsOf(tabs), []);
    });
  }

  test("with no BroadcastChannel a page that is returned to has seen a sign-out that happened meanwhile", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const tabs = [await open(without("BroadcastChannel")), await open(without("BroadcastChannel"))];
    const [one, two] = tabs.map(({ page }) => page);
    await one.evaluate(logIn);
    await two.evaluate(openSession);
    await one.goto(`${site.url}/away.js`);
    await two.evaluate(() => window.connection.signout());
    await one.evaluate(() => {
      setTimeout(() => history.back());
    });
    await until(one, () => window.isReady);
    await one.evaluate(() => window.snapshotWhere(window.client, ({ ready, connection }) => ready && !connection));
    assert.equal(await one.evaluate(() => window.client.restore()), null);
  });

  test("with no BroadcastChannel a client that is disposed of stops listening", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const counting = `
      window.listeners = 0;
      const { addEventListener: add, removeEventListener: remove } = window;
      window.addEventListener = (type, ...rest) => {
        if (type === "storage") window.listeners++;
        add.call(window, type, ...rest);
      };
      window.removeEventListener = (type, ...rest) => {
        if (type === "storage") window.listeners--;
        remove.call(window, type, ...rest);
      };`;
    const { page } = await open(without("BroadcastChannel") + counting);
    await page.evaluate(logIn);
    assert.equal(await page.evaluate(() => window.listeners), 1);
    await page.evaluate(() => window.client[Symbol.dispose ?? Symbol.for("Symbol.dispose")]());
    assert.equal(await page.evaluate(() => window.listeners), 0);
  });

  for (const kinds of [["a dedicated worker"], ["a service worker"], ["a dedicated worker", "a service worker"]]) {
    const what = kinds.join(" and ");
    test(`${what} and a tab share one session, each refresh and its end`, async (t) => {
      const { server, gate, open } = await newSessionTest(t, browser(), site);
      const tab = await open();
      const { page } = tab;
      await page.evaluate(logIn);
      await page.evaluate(async (kinds) => {
        window.workers = await Promise.all(kinds.map((kind) => window.startWorker[kind]()));
        window.askAll = (question) => window.workers.map((worker) => window.askWorker(worker, question));
      }, kinds);
      let token = await page.evaluate(() => window.connection.getAccessToken());
      for (let round = 1; round <= ROUNDS; round++) {
        const seen = await page.evaluate(async (rejected) => {
          const asked = window.askAll({ rejected });
          return { token: await window.connection.getAccessToken({ rejected }), others: await Promise.all(asked) };
        }, token);
        const next = gate.issued().at(-1).access_token;
        assert.notEqual(next, token);
        const others = kinds.map(() => ({ token: next, generation: 1 + round, isWorker: true }));
        assert.deepEqual(seen, { token: next, others });
        assert.equal(server.count("token"), 1 + round);
        token = next;
      }
      assert.equal(await page.evaluate(() => window.userOf(window.connection)), "alice");
      const { message, reason, others } = await page.evaluate(async () => {
        const ended = window.snapshotWhere(window.connection, ({ state }) => state === "ended");
        const message = await window.askWorker(window.workers[0], { signsOut: true });
        const { reason } = (await ended).error;
        return { message, reason, others: await Promise.all(window.askAll({})) };
      });
      assert.match(message, /^session_ended: signed_out/);
      assert.equal(reason, "signed_out");
      assert.deepEqual(
        others,
        kinds.map(() => null),
      );
      assert.equal(await page.evaluate(() => window.client.restore()), null);
      assert.deepEqual(problemsOf([tab]), []);
    });
  }
});
