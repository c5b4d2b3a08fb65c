import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab } from "../shared/browsers.mjs";
import { startSite } from "../shared/site.mjs";
import { newAuthorizationServer } from "./servers.mjs";

const pageScript = `
  import * as meshydb from "/pkg/index.js";

  window.logIn = async () => {
    const authUrl = location.search.slice(1);
    const client = await meshydb.initialize("demo", "demo-public-key", { authUrl });
    const connection = await client.login("alice", "wonderland");
    return connection.getSnapshot().state;
  };

  window.refusals = async () => {
    const attempts = [
      () => meshydb.initialize("demo", "demo-public-key"),
      () => meshydb.MeshyClient.initializeWithTenant("demo", "acme", "demo-public-key"),
      () => meshydb.initialize("demo", "demo-public-key").login("alice", "wonderland"),
      () => meshydb.initialize("demo", "demo-public-key").restore(),
    ];
    const codes = [];
    for (const attempt of attempts) {
      try {
        await attempt();
        codes.push("none");
      } catch (error) {
        const { code, retryable, message, cause } = error;
        codes.push({ code, retryable, message, cause: cause.name, isOwn: error instanceof meshydb.MeshyError });
      }
    }
    return codes;
  };

  window.exported = Object.keys(meshydb).sort();
`;

const workerPageScript = `
  import { initialize } from "/pkg/index.js";

  const options = { authUrl: location.search.slice(1), persistence: "local" };
  window.restore = async () => (await initialize("demo", "demo-public-key", options)).restore();

  const worker = new Worker("/worker.js" + location.search, { type: "module" });
  window.answer = new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve("the worker failed: " + message);
  });
`;

const workerScript = `
  import { initialize } from "/pkg/index.js";

  const options = { authUrl: self.location.search.slice(1), persistence: "local" };

  async function logIn() {
    const client = await initialize("demo", "demo-public-key", options);
    const before = client.getSnapshot();
    const connection = await client.login("alice", "wonderland");
    const token = await connection.getAccessToken();
    const next = await connection.getAccessToken({ rejected: token });
    const after = client.getSnapshot();
    return {
      hasDocument: "document" in self,
      ready: before.ready,
      storage: [before.storage, after.storage],
      isConnected: after.connection !== null,
      isRefreshed: next !== token,
      state: connection.getSnapshot().state,
      token: await (await client.restore()).getAccessToken(),
    };
  }

  logIn().then(postMessage, (error) => postMessage(String(error)));
`;

inOneBrowserAtLeast((browser) => {
  async function open(t, policy, script) {
    const site = await startSite({ "/page.js": script, "/worker.js": workerScript }, policy);
    t.after(() => site.close());
    const server = await newAuthorizationServer(t);
    const tab = await newTab(await newContext(t, browser()), `${site.url}/?${server.url}`);
    return { ...tab, server };
  }

  test("a policy that allows 'wasm-unsafe-eval' is enough", async (t) => {
    const sources = ["script-src 'self' 'wasm-unsafe-eval'", "connect-src http://127.0.0.1:*", "img-src data:"];
    const policy = ["default-src 'none'", ...sources].join("; ");
    const { page, problems } = await open(t, policy, pageScript);
    assert.equal(await page.evaluate(() => window.logIn()), "active");
    assert.deepEqual(problems, []);
  });

  test("without 'wasm-unsafe-eval' the import works, and initialize rejects", async (t) => {
    const { page, problems, server } = await open(t, "script-src 'self'", pageScript);
    assert.deepEqual(await page.evaluate(() => window.exported), [
      "MeshyClient",
      "MeshyError",
      "initialize",
      "initializeWithTenant",
    ]);
    for (const refusal of await page.evaluate(() => window.refusals())) {
      const { message, ...rest } = refusal;
      assert.deepEqual(rest, { code: "unsupported", retryable: false, cause: "CompileError", isOwn: true });
      assert.match(message, /^unsupported: .*'wasm-unsafe-eval'/);
    }
    assert.deepEqual(server.requests, []);
    assert.deepEqual(problems, []);
  });

  test("a module worker, which has no localStorage, shares its session with the page", async (t) => {
    const { page, problems } = await open(t, "script-src 'self' 'wasm-unsafe-eval'", workerPageScript);
    const { token, ...rest } = await page.evaluate(() => window.answer);
    assert.deepEqual(rest, {
      hasDocument: false,
      ready: false,
      storage: ["ok", "ok"],
      isConnected: true,
      isRefreshed: true,
      state: "active",
    });
    assert.equal(await page.evaluate(async () => (await window.restore()).getAccessToken()), token);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    assert.deepEqual(problems, []);
  });
});
