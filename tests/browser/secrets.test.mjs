import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { close, listen } from "../../dev/http.mjs";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { FakeServer, json } from "../shared/fake-server.mjs";
import { startSite } from "../shared/site.mjs";

const secret = "canary";

/** For the page, before its own scripts: notes all that is shown anywhere, and where. */
function watchPage() {
  const shown = [];
  window.shown = shown;

  /** What anybody can make of a value who looks at it closely. */
  const textOf = (value, depth = 0) => {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return String(value);
    if (depth > 6 || value === window || value instanceof Node) return "";
    const names = Reflect.ownKeys(value).filter((name) => typeof value !== "function" || name !== "prototype");
    const members = names.map((name) => {
      const { value: member } = Object.getOwnPropertyDescriptor(value, name);
      return `${String(name)}: ${textOf(member, depth + 1)}`;
    });
    const texts = [typeof value === "function" && String(value), value instanceof Error && String(value), ...members];
    if (value instanceof Error)
      for (const name of ["message", "stack", "cause"]) texts.push(textOf(value[name], depth + 1));
    return texts.join("\n");
  };
  window.show = (place, ...values) => {
    for (const value of values) {
      let text = textOf(value);
      if (typeof value === "object") text += JSON.stringify(value);
      shown.push([place, text]);
    }
  };

  const watch = (object, name, noted = (args) => args) => {
    const original = object[name];
    object[name] = function (...args) {
      window.show(name, ...noted(args, this));
      return Reflect.apply(original, this, args);
    };
  };
  for (const name of Object.keys(console)) if (typeof console[name] === "function") watch(console, name);
  for (const name of ["setTimeout", "setInterval", "queueMicrotask", "postMessage", "structuredClone", "open"]) {
    watch(window, name);
  }
  watch(window, "fetch", ([url, { body, headers, ...rest }]) => {
    const { authorization, ...others } = Object.fromEntries(new Headers(headers));
    return [url, rest, others];
  });
  watch(Navigator.prototype, "sendBeacon");
  watch(XMLHttpRequest.prototype, "open");
  for (const name of ["pushState", "replaceState"]) watch(History.prototype, name);
  for (const name of ["mark", "measure"]) watch(Performance.prototype, name);
  const withoutTokens = (value) => String(value).replace(/[ar]t-canary-[a-z]+-\d+/g, "token");
  for (const name of ["getItem", "removeItem"]) watch(Storage.prototype, name);
  watch(Storage.prototype, "setItem", ([key, value]) => [key, withoutTokens(value)]);
  for (const name of ["open", "deleteDatabase"]) watch(IDBFactory.prototype, name);
  watch(IDBDatabase.prototype, "createObjectStore");
  watch(IDBDatabase.prototype, "transaction");
  for (const name of ["get", "getKey", "delete"]) watch(IDBObjectStore.prototype, name);
  for (const name of ["put", "add"]) {
    watch(IDBObjectStore.prototype, name, ([value, key]) => [withoutTokens(value), key]);
  }
  watch(LockManager.prototype, "request");
  const Channel = BroadcastChannel;
  window.BroadcastChannel = class extends Channel {
    constructor(name) {
      window.show("BroadcastChannel", name);
      super(name);
    }
  };
  watch(Channel.prototype, "postMessage");
  for (const name of ["MessagePort", "Worker"]) watch(window[name].prototype, "postMessage");
  addEventListener("error", (event) => window.show("an error that nobody caught", event.message, event.error));
  addEventListener("unhandledrejection", ({ reason }) => window.show("an unhandled rejection", reason));
}

const pageScript = `
  import * as meshydb from "/pkg/index.js";

  const { initialize, initializeWithTenant, MeshyError } = meshydb;
  const server = location.search.slice(1);
  const before = new Set(Object.getOwnPropertyNames(window));
  const options = {
    tokenEndpoint: server + "/token",
    revocationEndpoint: server + "/revoke",
    apiUrl: server + "/api",
    timeout: 6_000,
    reuseWindow: 0,
  };
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;

  window.makeClient = async (persistence) => {
    window.client = await initializeWithTenant("demo", "acme", "demo-key", { ...options, persistence });
    window.client.subscribe(() => show("a client", client.getSnapshot()));
    window.client.trace((event) => show("a trace", event));
  };

  window.look = () => {
    show("a client", client, client.getSnapshot());
    if (window.connection) show("a connection", connection, connection.getSnapshot());
  };

  /** What a call is rejected with is shown; its code is returned. */
  window.codeOf = async (call) => {
    try {
      await call();
      return "none";
    } catch (error) {
      show("an error", error);
      return error instanceof MeshyError ? error.code : String(error);
    } finally {
      look();
    }
  };

  window.again = async () => connection.getAccessToken({ rejected: await connection.getAccessToken() });

  /** Once the pause after a failure is over, all is well. */
  window.recover = async () => {
    ahead += 3_700_000;
    await connection.getAccessToken();
    look();
  };

  /** A token that has grown as old as this is believed to be dead at its first refusal. */
  window.grow = () => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + 120_000;
  };

  window.wrongArguments = () => {
    const long = "canary".repeat(12_000);
    const calls = [
      () => initialize("canary!", "key"),
      () => initialize("demo", "canary\\n"),
      () => initialize("demo", "key", { authUrl: "https://u:canary@auth.example" }),
      () => initialize("demo", "key", { tokenEndpoint: "https://auth.example/?canary" }),
      () => initialize("demo", "key", { scope: "canary\\n" }),
      () => initialize("demo", "key", { persistence: "canary" }),
      () => client.login("alice", long),
      () => client.login("alice", ["canary"]),
      () => client.login("alice", "pw-canary", { signal: "canary" }),
      () => client.loginWithPersistance("canary canary"),
      () => client.adopt({ access_token: "canary\\n", token_type: "Bearer" }),
      () => connection.getAccessToken({ rejected: { secret: "canary" } }),
      () => connection.getAccessToken({ minValidity: "canary" }),
      () => connection.fetch("https://canary.example/"),
      () => connection.fetch("me", { headers: { authorization: "canary" } }),
    ];
    return Promise.all(calls.map(codeOf));
  };

  /** What is left in the page, but for stored values without their tokens. */
  window.lookEverywhere = async () => {
    const withoutTokens = (value) => String(value).replace(/[ar]t-canary-[a-z]+-\\d+/g, "token");
    for (const storage of [localStorage, sessionStorage]) {
      for (const [key, value] of Object.entries(storage)) show("storage", key, withoutTokens(value));
    }
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve) => {
        indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result);
      });
      for (const store of database.objectStoreNames) {
        const objectStore = database.transaction(store).objectStore(store);
        const all = (method) => new Promise((resolve) => {
          objectStore[method]().onsuccess = ({ target }) => resolve(target.result);
        });
        const [keys, values] = await Promise.all([all("getAllKeys"), all("getAll")]);
        show("IndexedDB", name, store, ...keys, ...values.map(withoutTokens));
      }
      database.close();
    }
    show("the page", location.href, document.cookie, document.title, history.state, window.name);
    show("caches", ...(await caches.keys()));
    show("the timeline", ...performance.getEntries().map(({ name }) => name));
    show("globals", ...Object.getOwnPropertyNames(window).filter((name) => !before.has(name)));
    show("exports", meshydb);
  };

  window.rejectUnheard = (text) =>
    new Promise((resolve) => {
      addEventListener("unhandledrejection", resolve);
      Promise.reject(new Error(text));
    });
  window.isReady = true;
`;

/** A token endpoint and an API, of which the API refuses the first token that it sees. */
async function startServer(t) {
  const fake = new FakeServer();
  const authorizations = [];
  const seen = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body = Buffer.concat(await request.toArray()).toString();
    const { authorization, ...others } = headers;
    seen.push(["a request", `${url} ${JSON.stringify(others)}`]);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "authorization, tenant, x-token");
    if (method === "OPTIONS") return response.end();
    if (url.startsWith("/api/")) {
      authorizations.push(authorization);
      response.writeHead(authorizations.length === 1 ? 401 : 200);
      return response.end();
    }
    const answer = await fake.fetch(url, { body, headers }).catch(() => undefined);
    if (!answer) return response.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  const port = await listen(server, 0);
  t.after(() => close(server));
  return { fake, authorizations, seen, url: `http://127.0.0.1:${port}` };
}

let site;
before(async () => {
  site = await startSite({ "/page.js": pageScript }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

const never = () => new Promise(() => {});

inOneBrowserAtLeast((browser) => {
  async function open(t) {
    const server = await startServer(t);
    const { page, problems } = await newTab(await newContext(t, browser()), "about:blank", watchPage);
    await page.goto(`${site.url}/?${server.url}`);
    await until(page, () => window.isReady);
    const leaks = async () => {
      const shown = [...server.seen, ...(await page.evaluate(() => window.shown))];
      return shown.filter(([, text]) => text.includes(secret));
    };
    return { ...server, page, problems, leaks };
  }

  for (const persistence of ["local", "none"]) {
    test(`no token and no password is shown where persistence is ${persistence}`, async (t) => {
      const { fake, authorizations, page, problems, leaks } = await open(t);
      const code = (call) => page.evaluate(`codeOf(${call})`);
      await page.evaluate((kind) => window.makeClient(kind), persistence);
      assert.equal(await code(() => window.client.login("alice", "wrong-canary")), "invalid_grant");
      await page.evaluate(async () => {
        window.connection = await window.client.login("alice", "pw-canary");
        window.connection.subscribe(() => window.show("a connection", window.connection.getSnapshot()));
        window.look();
        await window.again();
        await window.connection.fetch("me");
        window.look();
      });
      for (const [answer, expected] of [
        [() => json(429, {}, { "retry-after": "60" }), "rate_limited"],
        [() => json(401, { error: "invalid_client" }), "refused"],
        [() => json(200, { access_token: "at-canary-broken" }), "invalid_response"],
        [() => Promise.reject(new TypeError("lost")), "network"],
        [never, "timeout"],
      ]) {
        fake.answer = answer;
        assert.equal(await code(() => window.again()), expected);
        fake.answer = () => undefined;
        await page.evaluate(() => window.recover());
      }
      const codes = await page.evaluate(() => window.wrongArguments());
      assert.deepEqual([...new Set(codes)], ["invalid_argument"]);
      await page.evaluate(() => window.lookEverywhere());

      await page.evaluate(() => window.grow());
      fake.answer = ({ grant }) => grant === "refresh_token" && json(400, { error: "invalid_grant" });
      assert.equal(await code(() => window.again()), "session_ended");
      fake.answer = () => undefined;
      await page.evaluate(async () => {
        window.connection = await window.client.login("bob", "pw-canary");
        await window.connection.signout();
        window.look();
        await window.lookEverywhere();
      });
      assert.equal(await code(() => window.connection.getAccessToken()), "session_ended");

      assert.deepEqual(await leaks(), []);
      assert.ok((await page.evaluate(() => window.shown.length)) > 100);
      for (const { init } of fake.requests) assert.ok(init.body.includes(secret));
      assert.equal(authorizations.length, 2);
      for (const authorization of authorizations) assert.match(authorization, /^Bearer at-canary-alice-\d+$/);
      assert.deepEqual(
        problems.filter((problem) => problem.includes(secret)),
        [],
      );
    });
  }

  test("if one were shown, that would be seen here", async (t) => {
    const { page, leaks } = await open(t);
    await page.evaluate(async () => {
      const text = "canary";
      console.debug(text);
      setTimeout(() => {}, 0, text);
      history.replaceState(text, "");
      performance.mark(text);
      localStorage.setItem(text, "");
      localStorage.setItem("key", "pw-canary");
      new BroadcastChannel(text).postMessage({ text });
      await navigator.locks.request(text, () => {});
      await fetch(`${location.search.slice(1)}/api/x`, { headers: { "x-token": text } });
      window.show("an error", new Error("x", { cause: text }));
      window.show("an error", Object.defineProperty(new Error("x"), "hidden", { value: { text } }));
      await window.rejectUnheard(text);
    });
    const places = new Set((await leaks()).map(([place]) => place));
    assert.deepEqual([...places].sort(), [
      ...["BroadcastChannel", "a request", "an error", "an unhandled rejection", "debug", "fetch", "mark"],
      ...["postMessage", "replaceState", "request", "setItem", "setTimeout"],
    ]);
  });
});
