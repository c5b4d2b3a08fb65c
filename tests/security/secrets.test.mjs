import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { entry, MeshyError, secret, server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { LockedStore, WatchedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";
import { settled } from "../shared/waiting.mjs";

const PASSWORD = "pw-canary";
const api = "https://api.meshydb.com/demo/";

/** All that was shown anywhere: where, and what. */
let shown;
let restoring;
let time;
beforeEach(() => {
  shown = [];
  restoring = [];
  time = new Time();
  watchGlobals();
});
afterEach(() => {
  for (const restore of restoring.reverse()) restore();
  time.restore();
});

function show(place, ...values) {
  for (const value of values) shown.push([place, textsOf(value).join("\n")]);
}

/** What anybody can make of a value who looks at it closely. */
function textsOf(value) {
  const texts = [inspect(value, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null })];
  if (value instanceof Error) {
    for (const name of ["message", "stack", "cause"]) texts.push(inspect(value[name]));
    for (const name of Reflect.ownKeys(value)) texts.push(inspect(name), inspect(value[name]));
  }
  if (typeof value === "function") texts.push(String(value));
  if (typeof value !== "symbol" && typeof value !== "bigint") texts.push(String(JSON.stringify(value)));
  return texts;
}

function leaks() {
  return shown.filter(([, text]) => text.includes(secret));
}

function replace(object, name, make) {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { configurable: true, writable: true, value: make(object[name]) });
  restoring.push(() => (own ? Object.defineProperty(object, name, own) : delete object[name]));
}

function watchGlobals() {
  const noting = (place) => (original) =>
    function (...args) {
      show(place, ...args);
      return Reflect.apply(original, this, args);
    };
  for (const name of Object.keys(console)) {
    if (typeof console[name] === "function") replace(console, name, () => noting(`console.${name}`)(() => {}));
  }
  for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "structuredClone"]) {
    replace(globalThis, name, noting(name));
  }
  for (const name of ["mark", "measure"]) replace(performance, name, noting(`performance.${name}`));
  for (const name of ["emitWarning", "emit"]) replace(process, name, noting(`process.${name}`));
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    stream.write = function (chunk, ...rest) {
      show("a stream", String(chunk));
      return Reflect.apply(write, this, [chunk, ...rest]);
    };
    restoring.push(() => {
      stream.write = write;
    });
  }
  replace(
    globalThis,
    "BroadcastChannel",
    (Channel) =>
      class extends Channel {
        constructor(name) {
          show("BroadcastChannel", name);
          super(name);
        }

        postMessage(message) {
          show("postMessage", message);
          super.postMessage(message);
        }
      },
  );
  const onUnhandled = (reason) => show("an unhandled rejection", reason);
  process.prependListener("unhandledRejection", onUnhandled);
  restoring.push(() => process.off("unhandledRejection", onUnhandled));
}

/** The network, of which everything is shown but the body and Authorization. */
let bodies;
let authorizations;
beforeEach(() => {
  bodies = [];
  authorizations = [];
});
async function network(url, init) {
  const { body, headers, ...rest } = init;
  const { authorization, ...others } = Object.fromEntries(new Headers(headers));
  show("a request", String(url), rest, others);
  if (!String(url).startsWith(api)) {
    bodies.push(body);
    return server.fetch(url, init);
  }
  authorizations.push(authorization);
  return authorizations.length === 1 ? json(401, {}) : json(200, {});
}

/** A store, of which everything is shown but the stored values, and in these the password. */
function watched(store) {
  const { compareAndSet } = store;
  store.compareAndSet = (key, expected, next) => {
    show("a stored value", next.replace(/[ar]t-canary-[a-z]+-\d+/g, "token"));
    return compareAndSet.call(store, key, expected, next);
  };
  for (const name of ["read", "compareAndSet", "lock", "watch"]) {
    const method = store[name];
    store[name] =
      method &&
      ((key, ...rest) => {
        show(`the key for ${name}`, key);
        return method.call(store, key, ...rest);
      });
  }
  return store;
}

/** Settles whatever happens; what a call is rejected with is shown. */
async function outcome(call) {
  try {
    return await time.settling(Promise.resolve(call()));
  } catch (error) {
    show("an error", error);
    return error;
  }
}

function look(client, ...connections) {
  show("a client", client, client.getSnapshot());
  for (const connection of connections) show("a connection", connection, connection.getSnapshot());
}

async function life(persistence) {
  const options = { fetch: network, persistence };
  const client = await entry.initializeWithTenant("demo", "acme", "demo-key", options);
  const other = await entry.initializeWithTenant("demo", "acme", "demo-key", options);
  const codes = [];
  const failed = async (call) => codes.push((await outcome(call)).code);
  client.subscribe(() => show("a client", client.getSnapshot()));
  client.trace((event) => show("a trace", event));
  await failed(() => client.login("alice", "wrong-canary"));
  look(client);
  const connection = await outcome(() => client.login("alice", PASSWORD));
  connection.subscribe(() => show("a connection", connection.getSnapshot()));
  look(client, connection);
  const token = await outcome(() => connection.getAccessToken());
  assert.match(token, /^at-canary/);
  await outcome(() => connection.getAccessToken({ rejected: token }));
  await outcome(() => connection.fetch("me"));
  look(client, connection);

  const again = async () => connection.getAccessToken({ rejected: await connection.getAccessToken() });
  const answers = async (answer, calls = 1) => {
    server.answer = answer;
    for (let call = 0; call < calls; call += 1) await failed(again);
    look(client, connection);
    server.answer = () => undefined;
    await time.pass(3_700_000);
    await outcome(again);
  };
  await answers(() => json(429, {}, { "retry-after": "60" }));
  await answers(() => json(503, {}));
  await answers(() => json(401, { error: "invalid_client" }));
  await answers(() => json(200, { ...server, access_token: "at-canary-broken" }));
  await answers(() => new Response("at-canary in a page", { headers: { "content-type": "text/html" } }));
  await answers(() => {
    throw new TypeError(`fetch failed: ${secret}`);
  });
  await answers(() => new Promise(() => {}));
  await answers(({ form }) =>
    json(400, { error: "invalid_request", error_description: `what is ${form.refresh_token}?` }),
  );
  server.answer = ({ form }) => json(401, { error: form.password, error_description: "it is wrong" });
  await failed(() => other.login("alice", PASSWORD));
  server.answer = () => undefined;
  const restored = await outcome(() => other.restore());
  if (restored) look(other, restored);
  // The server takes the token that comes again for a stolen one.
  server.losing = 3;
  await failed(again);
  await time.pass(3_700_000);
  await outcome(() => connection.signout());
  await failed(() => connection.getAccessToken());
  look(client, connection);
  const refused = await outcome(() => client.login("alice", PASSWORD));
  server.answer = ({ grant }) => grant === "refresh_token" && json(400, { error: "invalid_grant" });
  await failed(async () => refused.getAccessToken({ rejected: await refused.getAccessToken() }));
  look(client, refused);
  client[Symbol.dispose]();
  await failed(() => client.login("alice", PASSWORD));
  await settled();
  return codes;
}

const codes = [
  ...["invalid_grant", "rate_limited", "unavailable", "refused", "invalid_response", "invalid_response", "network"],
  ...["timeout", "refused", "refused", "session_ended", "session_ended", "session_ended", "aborted"],
];

describe("no token and no password is shown", () => {
  for (const [what, make] of Object.entries({
    "without a store": () => "none",
    "with a store that tells": () => watched(new WatchedStore()),
    "with a lock": () => watched(new LockedStore()),
  })) {
    test(`in the life of a session ${what}, but in bodies, in Authorization and to the caller`, async () => {
      assert.deepEqual(await life(make()), codes);
      assert.deepEqual(leaks(), []);
      assert.ok(shown.length > 100);
      assert.ok(bodies.every((body) => body.includes(secret)));
      assert.equal(authorizations.length, 2);
      for (const authorization of authorizations) assert.match(authorization, /^Bearer at-canary-alice-\d+$/);
    });
  }

  test("by a store that fails, or holds what cannot be read", async () => {
    const failing = () => Promise.reject(new Error(secret));
    for (const persistence of [
      { read: failing, compareAndSet: failing },
      { read: () => `{"access_token":"${secret}"`, compareAndSet: () => false },
      {
        read: () => `{"v":2,"sid":"${secret}","gen":"${secret}","access_token":"${secret}"}`,
        compareAndSet: () => false,
      },
      { read: () => `{"v":3,"sid":"${secret}"}`, compareAndSet: () => true },
    ]) {
      const client = await start({ persistence });
      client.trace((event) => show("a trace", event));
      await outcome(() => client.restore());
      look(client);
      const connection = await outcome(() => client.login("alice", PASSWORD));
      look(client, connection);
      await outcome(async () => connection.getAccessToken({ rejected: await connection.getAccessToken() }));
      look(client, connection);
      await outcome(() => connection.signout());
    }
    assert.deepEqual(leaks(), []);
  });

  test("by arguments that are wrong", async () => {
    const client = await start({ fetch: network });
    const connection = await client.login("alice", PASSWORD);
    const long = secret.repeat(20_000);
    const wrong = [
      ...["canary!", "canary/x", long].map((account) => () => entry.initialize(account, "key")),
      () => entry.initialize({ secret }, "key"),
      () => entry.initialize("demo", `${secret}\n`),
      () => entry.initializeWithTenant("demo", `${secret}\r\n`, "key"),
      ...["authUrl", "tokenEndpoint", "revocationEndpoint", "apiUrl"].flatMap((name) => [
        () => entry.initialize("demo", "key", { [name]: `https://u:${secret}@auth.example` }),
        () => entry.initialize("demo", "key", { [name]: `https://auth.example/?token=${secret}` }),
        () => entry.initialize("demo", "key", { [name]: `http://${secret}.example` }),
      ]),
      ...["scope", "slot", "timeout", "reuseWindow", "fetch", "persistence", "allowedOrigins"].map(
        (name) => () => entry.initialize("demo", "key", { [name]: name === "slot" ? { secret } : `${secret}\n` }),
      ),
      () => entry.initialize("demo", "key", { allowedOrigins: [`https://${secret}.example/x`] }),
      () => entry.initialize("demo", "key", secret),
      () => client.login({ secret }, PASSWORD),
      () => client.login("alice", [secret]),
      () => client.login("alice", long),
      () => client.login(long, PASSWORD),
      () => client.login("alice", PASSWORD, secret),
      () => client.login("alice", PASSWORD, { signal: secret }),
      () => client.loginWithPersistance(`${secret} ${secret}`),
      () => client.loginWithPersistance(`${secret}\u00e9`),
      () => client.loginWithPersistance({ secret }),
      () => client.adopt(secret),
      () => client.adopt({ access_token: `${secret}\n`, token_type: "Bearer" }),
      () => client.adopt({ access_token: secret, token_type: secret }),
      () => client.adopt({ access_token: secret, token_type: "Bearer", refresh_token: { secret } }),
      async () => client.subscribe(secret),
      () => connection.getAccessToken({ rejected: { secret } }),
      () => connection.getAccessToken({ minValidity: secret }),
      () => connection.getAccessToken(secret),
      () => connection.fetch(`https://${secret}.example/x`),
      () => connection.fetch(`../${secret}`),
      () => connection.fetch("me", { headers: { authorization: secret } }),
      () => connection.signout({ signal: { secret } }),
      async () => connection.subscribe({ secret }),
    ];
    for (const [index, call] of wrong.entries()) {
      const error = await outcome(call);
      assert.ok(error instanceof MeshyError, `${index}: ${wrong[index]}`);
      assert.equal(error.code, "invalid_argument", `${index}: ${wrong[index]}`);
    }
    look(client, connection);
    assert.deepEqual(leaks(), []);
    assert.equal(shown.filter(([place]) => place === "an error").length, wrong.length);
  });

  test("and if it were, that would be seen here", async () => {
    console.debug(secret);
    setTimeout(() => {}, 0, secret);
    new BroadcastChannel(secret).close();
    performance.mark(secret);
    show("an error", Object.assign(new Error("x"), { details: { secret } }));
    show("an error", new Error("x", { cause: secret }));
    show("an error", Object.defineProperty(new Error("x"), "hidden", { value: secret }));
    await network(`https://auth.example/?${secret}`, { body: "", headers: {} });
    await network("https://auth.example", { body: "", headers: { "x-token": secret } });
    watched(new WatchedStore()).read(secret);
    watched(new WatchedStore()).compareAndSet("key", null, PASSWORD);
    assert.equal(leaks().length, 11);
  });
});
