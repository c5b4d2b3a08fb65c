import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { close, listen } from "../../dev/http.mjs";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { allTokens, logIn, newSessionTest, sessionPage } from "./session-page.mjs";

const policy = "script-src 'self' 'wasm-unsafe-eval'";

const originsPage = `
  import { initializeWithTenant } from "/pkg/index.js";

  const url = location.search.slice(1);
  window.open = async () => {
    const client = await initializeWithTenant("demo", "acme", "demo-key", { authUrl: url, apiUrl: url + "/api" });
    window.connection = await client.login("alice", "wonderland");
  };
  window.outcome = (promise) =>
    promise.then((value) => ({ value }), ({ code, retryAfter = null }) => ({ code, retryAfter }));
  window.isReady = true;
`;

let site;
let origins;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, policy);
  origins = await startSite({ "/page.js": originsPage }, policy);
});
after(() => Promise.all([site.close(), origins.close()]));

/** A server of another origin that allows exactly these headers, the API's under /api; `refusal` may be set. */
async function startStrictServer(t, { authorization, api }) {
  let issued = 0;
  const strict = { refusal: undefined, preflights: [], asked: [] };
  const server = createServer((request, response) => {
    const isApi = request.url.startsWith("/api/");
    response.setHeader("Access-Control-Allow-Origin", origins.url);
    if (request.method === "OPTIONS") {
      strict.preflights.push(request.headers["access-control-request-headers"]);
      const allowed = isApi ? api : authorization;
      if (allowed) response.setHeader("Access-Control-Allow-Headers", allowed);
      return response.writeHead(204).end();
    }
    const { tenant, cookie, referer } = request.headers;
    strict.asked.push({ isApi, tenant, cookie, referer: isApi ? undefined : referer });
    const status = (!isApi && strict.refusal) || 200;
    response.writeHead(status, { "Content-Type": "application/json", "Retry-After": "30" });
    issued += 1;
    const tokens = { access_token: `at-${issued}`, token_type: "Bearer", expires_in: 0, refresh_token: `rt-${issued}` };
    response.end(JSON.stringify(isApi ? { token: request.headers.authorization } : tokens));
  });
  strict.url = `http://127.0.0.1:${await listen(server, 0)}`;
  t.after(() => close(server));
  return strict;
}

/** For the page: notes what locks are asked for with. */
function watchLocks() {
  const { request } = LockManager.prototype;
  window.lockOptions = [];
  LockManager.prototype.request = function (name, options, run) {
    window.lockOptions.push(Object.keys(options));
    return request.call(this, name, options, run);
  };
}

/** For the page: the token after the one in hand. */
async function refresh() {
  return window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
}

inOneBrowserAtLeast((browser) => {
  const open = (t, prepare) =>
    newSessionTest(t, browser(), site).then(async (sessionTest) => {
      const tab = await sessionTest.open(prepare);
      await tab.page.evaluate(logIn);
      return { ...sessionTest, ...tab };
    });

  test("a lock is never stolen, and held for one refresh", async (t) => {
    const { page, problems } = await open(t, watchLocks);
    await page.evaluate(refresh);
    const seen = await page.evaluate(async () => {
      const { held, pending } = await navigator.locks.query();
      return { options: window.lockOptions, left: held.length + pending.length };
    });
    assert.deepEqual(seen, { options: [["signal"]], left: 0 });
    assert.deepEqual(problems, []);
  });

  test("what one tab tells another carries nothing", async (t) => {
    const { page, open: openTab, problems } = await open(t);
    const other = await openTab();
    await other.page.evaluate(() => {
      window.heard = new Promise((resolve) => {
        new BroadcastChannel(localStorage.key(0)).onmessage = ({ data }) => resolve(data);
      });
    });
    await page.evaluate(refresh);
    assert.equal(await other.page.evaluate(() => window.heard), 0);
    assert.deepEqual([...problems, ...other.problems], []);
  });

  test("a page that comes back from the cache reads the store again", async (t) => {
    const { page, problems } = await open(t);
    const state = await page.evaluate(async () => {
      window.changed = window.snapshotWhere(window.connection, ({ generation }) => generation === 2);
      const key = localStorage.key(0);
      const record = { ...JSON.parse(localStorage.getItem(key)), gen: 2, access_token: "at-of-another-tab" };
      await window.inRegister((store) => store.put(JSON.stringify(record), key));
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      return (await window.changed).state;
    });
    assert.equal(state, "active");
    assert.equal((await page.evaluate(allTokens))[0], "at-of-another-tab");
    assert.deepEqual(problems, []);
  });

  test("a page that is left sends nothing on its way out", async (t) => {
    const { server, page, problems } = await open(t, () => {
      const { now } = Date;
      Date.now = () => now() + (window.isLate ? 3_600_000 : 0);
    });
    await page.evaluate(() => {
      window.isLate = true;
    });
    const url = page.url();
    const before = server.requests.length;
    await page.goto(`${site.url}/gone`);
    await page.goto(url);
    await until(page, () => window.isReady);
    assert.equal(server.requests.length, before);
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("404")),
      [],
    );
  });

  test("a page that is left while it refreshes loses no session", async (t) => {
    const { server, gate, page, reload } = await open(t);
    const held = gate.hold();
    await page.evaluate(() => {
      window.connection
        .getAccessToken()
        .then((rejected) => window.connection.getAccessToken({ rejected }))
        .catch(() => {});
    });
    await held;
    await reload(page);
    await page.evaluate(async () => {
      window.connection = await window.client.restore();
    });
    await page.evaluate(refresh);
    assert.equal(await page.evaluate(() => window.userOf(window.connection)), "alice");
    assert.equal(server.count("token"), 2);
  });

  describe("a server of another origin", () => {
    async function openAt(t, server) {
      const tab = await newTab(await newContext(t, browser()), `${origins.url}/?${server.url}`);
      await until(tab.page, () => window.isReady);
      return tab;
    }

    test("that allows the tenant, and Authorization at the API, is enough", async (t) => {
      const server = await startStrictServer(t, { authorization: "tenant", api: "authorization, tenant" });
      const { page, problems } = await openAt(t, server);
      const { token } = await page.evaluate(async () => {
        await window.open();
        const answer = await (await window.connection.fetch("things")).json();
        await window.connection.signout();
        return answer;
      });
      assert.equal(token, "Bearer at-2");
      assert.deepEqual([...new Set(server.preflights)].sort(), ["authorization,tenant", "tenant"]);
      assert.deepEqual(
        server.asked,
        [false, false, true, false].map((isApi) => ({ isApi, tenant: "acme", cookie: undefined, referer: undefined })),
      );
      assert.deepEqual(problems, []);
    });

    test("that does not allow the tenant is network, and is sent nothing", async (t) => {
      const server = await startStrictServer(t, {});
      const { page } = await openAt(t, server);
      const outcome = await page.evaluate(() => window.outcome(window.open()));
      assert.deepEqual(outcome, { code: "network", retryAfter: null });
      assert.deepEqual(server.asked, []);
    });

    test("that hides its Retry-After is given a rest all the same", async (t) => {
      const server = await startStrictServer(t, { authorization: "tenant" });
      const { page } = await openAt(t, server);
      await page.evaluate(() => window.open());
      server.refusal = 429;
      const outcome = await page.evaluate(() => window.outcome(window.connection.getAccessToken()));
      assert.equal(outcome.code, "rate_limited");
      assert.ok(outcome.retryAfter < 30, `${outcome.retryAfter} s`);
      assert.equal(await page.evaluate(() => window.connection.getSnapshot().state), "active");
      assert.ok(server.asked.length <= 4);
    });
  });
});
