import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { inOneBrowserAtLeast, problemsOf, until } from "../shared/browsers.mjs";
import { length } from "../shared/lengths.mjs";
import { startSite } from "../shared/site.mjs";
import { newSessionTest, restoredUser, sessionPage } from "./session-page.mjs";

const TABS = 20;
/** Milliseconds that a slow answer takes. */
const SLOW = 300;

const pageScript = `
  import { serviceWorker } from "/pkg/service-worker.js";
  ${sessionPage}

  /** With a worker of that script, and a client that asks it. */
  window.install = async (script) => {
    await navigator.serviceWorker.register(script + "?" + server, { type: script.match(/[a-z]+/)[0] });
    await navigator.serviceWorker.ready;
  };
  window.begin = async (refreshIn = serviceWorker) => {
    window.client = await makeClient({ refreshIn });
    window.connection = (await window.client.restore()) ?? (await window.client.login("alice", "wonderland"));
  };
  window.serviceWorker = serviceWorker;
`;
const workerScript = `
  import { initialize } from "/pkg/index.js";
  import { keepRefreshing } from "/pkg/service-worker.js";
  const channel = new BroadcastChannel("requests");
  const options = {
    authUrl: location.search.slice(1),
    persistence: "local",
    fetch: (...request) => {
      channel.postMessage("sent");
      return fetch(...request);
    },
  };
  keepRefreshing(initialize("demo", "another-public-key", { ...options, slot: "other" }));
  keepRefreshing(initialize("demo", "demo-public-key", options));
`;
/** Workers that are none: what their listener does with a message. */
const others = {
  "is deaf": "",
  "is of another version": "event.ports[0].postMessage({ version: 2 });",
  "lies about success": "event.ports[0].postMessage({ done: true, token: 'none' });",
  throws: "throw new Error('an error of the application');",
  hangs: "for (const end = Date.now() + 2_000; Date.now() < end; ) {}",
};
const pathOf = (other) => `/classic-${Object.keys(others).indexOf(other)}.js`;

let site;
before(async () => {
  const folder = new URL("../../pkg/", import.meta.url);
  const { outputFiles } = await build({
    stdin: { contents: workerScript.replaceAll('"/pkg/', '"./'), resolveDir: folder.pathname },
    bundle: true,
    format: "iife",
    write: false,
  });
  const scripts = {
    "/page.js": pageScript,
    "/pkg/service-worker.js": await readFile(new URL("service-worker.js", folder), "utf8"),
    "/classic.js": outputFiles[0].text,
    "/module.js": workerScript,
  };
  for (const [other, text] of Object.entries(others)) {
    scripts[pathOf(other)] = `addEventListener("message", (event) => { ${text} });`;
  }
  site = await startSite(scripts, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: asks for the token after the one in hand, and waits for nothing. */
async function startRefresh() {
  const rejected = await window.connection.getAccessToken();
  window.refreshed = window.connection.getAccessToken({ rejected }).catch(({ message }) => message);
}

/** For the page: counts what the worker sends. */
function countRequests() {
  window.sent = 0;
  window.channel = new BroadcastChannel("requests");
  window.channel.onmessage = () => {
    window.sent += 1;
  };
}

const begin = () => window.begin();
const install = (script) => window.install(script);

inOneBrowserAtLeast((browser) => {
  for (const script of ["/classic.js", "/module.js"]) {
    for (const how of ["closed", "reloaded"]) {
      test(`a page is ${how} in mid-refresh, and its worker (${script}) stores the answer`, async (t) => {
        const { gate, open } = await newSessionTest(t, browser(), site);
        const tabs = [await open(), await open()];
        const [one, two] = tabs.map(({ page }) => page);
        await one.evaluate(install, script);
        for (const page of [one, two]) await page.evaluate(begin);
        await two.evaluate(() => {
          window.rotated = window.snapshotWhere(window.connection, ({ generation }) => generation === 2);
        });
        const held = gate.hold("answer");
        await one.evaluate(startRefresh);
        const release = await held;
        await (how === "closed" ? one.close() : one.reload());
        release();
        await two.evaluate(() => window.rotated);
        assert.equal(await two.evaluate(restoredUser), "alice");
        assert.equal(gate.grants.length, 2);
        assert.deepEqual(problemsOf(tabs), []);
      });
    }
  }
});

inOneBrowserAtLeast((browser, name) => {
  test("a sign-out in mid-refresh of the worker stays, and the token that it is given is revoked", async (t) => {
    const { server, gate, open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(install, "/classic.js");
    await page.evaluate(begin);
    const held = gate.hold("answer");
    await page.evaluate(startRefresh);
    const release = await held;
    await page.evaluate(() => window.connection.signout());
    const before = server.count("revocation");
    release();
    while (server.count("revocation") === before) await sleep(20);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.equal(gate.grants.length, 2);
    assert.deepEqual(problems, []);
  });

  for (const other of Object.keys(others)) {
    test(`a worker that ${other} is done without`, async (t) => {
      const { gate, open } = await newSessionTest(t, browser(), site);
      const { page } = await open();
      await page.evaluate(install, pathOf(other));
      await page.evaluate(begin);
      await page.evaluate(startRefresh);
      const token = await page.evaluate(() => window.refreshed);
      assert.equal(token, gate.issued()[1].access_token);
      assert.equal(gate.grants.length, 2);
    });
  }

  test("without a worker, and with a holder that throws or does not answer, the page goes on by itself", async (t) => {
    const { gate, open } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(begin);
    for (const refreshIn of ["serviceWorker", "() => { throw 1 }", "() => Promise.reject()", "() => 1"]) {
      await page.evaluate(`window.begin(${refreshIn})`);
      await page.evaluate(startRefresh);
      const token = await page.evaluate(() => window.refreshed);
      assert.equal(token, gate.issued().at(-1).access_token);
    }
    assert.equal(gate.grants.length, 5);
    assert.deepEqual(problems, []);
  });

  for (const [how, leave] of [
    ["reload", (page) => page.reload()],
    ["close", (page) => page.close()],
  ]) {
    test(`${length.departures} times ${how} at any instant of a slow refresh: no session is lost`, async (t) => {
      const { gate, open } = await newSessionTest(t, browser(), site);
      const watcher = (await open()).page;
      await watcher.evaluate(countRequests);
      await watcher.evaluate(install, "/classic.js");
      gate.latency = SLOW;
      let byWorker = 0;
      const lost = { byWorker: 0, byPage: 0 };
      for (let round = 0; round < length.departures; round += 1) {
        const { page } = await open();
        await page.evaluate(begin);
        const before = await watcher.evaluate(() => window.sent);
        await page.evaluate(startRefresh);
        await sleep((round / length.departures) * 1.5 * SLOW);
        await leave(page);
        const next = how === "close" ? (await open()).page : page;
        await until(next, () => window.isReady);
        const user = await next.evaluate(restoredUser);
        const isByWorker = (await watcher.evaluate(() => window.sent)) > before;
        if (isByWorker) byWorker += 1;
        if (!user) lost[isByWorker ? "byWorker" : "byPage"] += 1;
        await next.close();
      }
      t.diagnostic(`${name}: ${byWorker} requests by the worker, lost ${JSON.stringify(lost)}`);
      assert.equal(lost.byWorker, 0);
    });
  }

  test(`${TABS} tabs and a worker make one request at each expiry, ${length.workerRounds} times`, async (t) => {
    const { gate, open } = await newSessionTest(t, browser(), site);
    const tabs = [];
    for (let tab = 0; tab < TABS; tab += 1) tabs.push(await open());
    await tabs[0].page.evaluate(install, "/classic.js");
    for (const { page } of tabs) await page.evaluate(begin);
    for (let round = 1; round <= length.workerRounds; round += 1) {
      await Promise.all(tabs.map(({ page }) => page.evaluate(startRefresh)));
      const tokens = await Promise.all(tabs.map(({ page }) => page.evaluate(() => window.refreshed)));
      assert.equal(gate.grants.length, 1 + round);
      assert.deepEqual(new Set(tokens), new Set([gate.issued().at(-1).access_token]));
    }
    assert.deepEqual(problemsOf(tabs), []);
  });
});
