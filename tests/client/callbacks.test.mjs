import assert from "node:assert/strict";
import { after, before, describe, mock, test } from "node:test";
import { inspect } from "node:util";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { assertNoSecret, initializeWithTenant, MeshyError, rejects, secret, server, start } from "../shared/client.mjs";
import { gate, json } from "../shared/fake-server.mjs";
import { MemoryStore, WatchedStore } from "../shared/stores.mjs";
import { rejection, settled, until } from "../shared/waiting.mjs";

describe("code of the application's that calls back at once", () => {
  /** Does everything there is to do, from wherever it is called, and notes what that threw. */
  function meddler(world) {
    const thrown = [];
    const calls = [];
    let isInside = false;
    const meddle = () => {
      if (isInside || calls.length > 500) return;
      isInside = true;
      const { client, connection } = world;
      for (const call of [
        () => client?.getSnapshot(),
        () => client?.subscribe(() => {})(),
        () => client?.restore(),
        () => connection?.getSnapshot(),
        () => connection?.retrievePersistanceToken(),
        () => connection?.subscribe(() => {})(),
        () => connection?.getAccessToken(),
        () => connection?.getAccessToken({ minValidity: 1 }),
      ]) {
        try {
          const result = call();
          if (result instanceof Promise) calls.push(result.catch((error) => error));
        } catch (error) {
          thrown.push(error);
        }
      }
      isInside = false;
    };
    return { meddle, thrown, calls };
  }

  const places = {
    "a store's read": ({ persistence }, meddle) => meddleBefore(persistence, "read", meddle),
    "a store's compareAndSet": ({ persistence }, meddle) => meddleBefore(persistence, "compareAndSet", meddle),
    "a store's watch": ({ persistence }, meddle) => meddleBefore(persistence, "watch", meddle),
    fetch: (world, meddle) => meddleBefore(world, "fetch", meddle),
    "a listener of the client": ({ client }, meddle) => client.subscribe(meddle),
    "a listener of the connection": (_world, meddle, connection) => connection?.subscribe(meddle),
  };
  function meddleBefore(object, name, meddle) {
    const method = object[name];
    object[name] = function (...args) {
      meddle();
      return method.apply(this, args);
    };
  }

  for (const [place, plant] of Object.entries(places)) {
    test(`from ${place}: nothing is thrown, and everything settles`, async () => {
      const persistence = new WatchedStore();
      const world = { persistence, fetch: server.fetch };
      const { meddle, thrown, calls } = meddler(world);
      if (!place.startsWith("a listener")) plant(world, meddle);
      world.client = await start({ persistence, fetch: (...args) => world.fetch(...args) });
      if (place.endsWith("client")) plant(world, meddle);
      world.connection = await world.client.login("alice", "pw");
      if (place.endsWith("connection")) plant(world, meddle, world.connection);
      for (let rotation = 0; rotation < 3; rotation += 1) {
        await world.connection.getAccessToken({ rejected: await world.connection.getAccessToken() });
      }
      await world.connection.signout();
      await settled();
      for (const call of await Promise.all(calls)) {
        if (call instanceof Error)
          assert.ok(call instanceof MeshyError && call.code === "session_ended", inspect(call));
      }
      assert.ok(calls.length > 0);
      assert.deepEqual(thrown, []);
      assert.equal(world.connection.getSnapshot().state, "ended");
    });
  }

  test("a fetch that signs out at once: the login is what it was asked to be", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    server.answer = ({ grant }) => {
      if (grant === "refresh_token") connection.signout();
    };
    await rejects(connection.getAccessToken({ rejected: await connection.getAccessToken() }), {
      code: "session_ended",
      reason: "signed_out",
    });
    await until(() => server.count("revocation") === 2);
  });

  test("a listener that logs in again does so", async () => {
    const client = await start();
    const { promise, open } = gate();
    const connection = await client.login("alice", "pw");
    const stop = connection.subscribe(() => {
      if (connection.getSnapshot().state !== "ended") return;
      stop();
      client.login("bob", "pw").then(open);
    });
    await connection.signout();
    await promise;
    assert.match(await client.getSnapshot().connection.getAccessToken(), /-bob-/);
  });
});

describe("a fetch of the application's own", () => {
  for (const [what, own, code] of [
    [
      "throws",
      () => {
        throw new Error(secret);
      },
      "network",
    ],
    ["rejects", () => Promise.reject(new TypeError(secret)), "network"],
    ["rejects with nothing", () => Promise.reject(), "network"],
    ["gives nothing", async () => undefined, undefined],
    ["gives no response", async () => ({ status: 200 }), undefined],
    ["gives a body of text", async () => ({ ...response(), body: "x" }), undefined],
    ["has a body that fails", async () => ({ ...response(), body: failing() }), "network"],
  ]) {
    test(`that ${what} is ${code ?? "an error"}, and shows nothing of it`, async () => {
      const error = await rejects(start({ fetch: own }).login("alice", secret), code ? { code } : {});
      assert.ok(["network", "invalid_response"].includes(error.code));
    });
  }
  function response() {
    return { status: 200, headers: new Headers({ "content-type": "application/json" }) };
  }
  function failing() {
    return new ReadableStream({ pull: (controller) => controller.error(new Error(secret)) });
  }

  test("that ignores its signal is given up after the timeout", async () => {
    const client = await start({ timeout: 5_000, fetch: () => new Promise(() => {}) });
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const call = rejection(client.login("alice", secret));
      await settled();
      mock.timers.tick(5_000);
      const error = await call;
      assert.equal(error.code, "timeout");
      assertNoSecret(error);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("against the development server", () => {
  let development;
  before(async () => {
    development = await startAuthorizationServer();
  });
  after(() => development.close());

  /** The platform's fetch, which makes every token arrive expired while `isShort`. */
  function shortened(world) {
    return async (url, init) => {
      const answer = await fetch(url, init);
      if (!world.isShort || !answer.ok || !url.endsWith("/token")) return answer;
      return json(answer.status, { ...(await answer.json()), expires_in: 0 });
    };
  }

  function open(world, options) {
    return initializeWithTenant("demo", "acme", "demo-public-key", {
      authUrl: development.url,
      fetch: shortened(world),
      ...options,
    });
  }

  async function me(connection) {
    const headers = { Authorization: `Bearer ${await connection.getAccessToken()}`, Tenant: "acme" };
    const answer = await fetch(`${development.url}/api/demo/me`, { headers });
    await answer.text();
    return answer.status;
  }

  test("log in, refresh at expiry, join, sign out", async () => {
    const world = { isShort: true };
    const client = await open(world);
    await rejects(client.login("carol", "canary"), {
      code: "invalid_grant",
      status: 400,
      error: "invalid_grant",
    });
    const first = await client.login("carol", "acme-secret");
    const saved = first.retrievePersistanceToken();
    world.isShort = false;
    const found = await Promise.all(Array.from({ length: 1_000 }, () => first.getAccessToken()));
    assert.equal(new Set(found).size, 1);
    const second = await client.loginWithPersistance(saved);
    for (const handle of [first, second]) assert.equal(await me(handle), 200);
    const token = await second.getAccessToken();
    await second.signout();
    const headers = { Authorization: `Bearer ${token}`, Tenant: "acme" };
    assert.equal((await fetch(`${development.url}/api/demo/me`, { headers })).status, 401);
    await rejects(client.loginWithPersistance(saved), { code: "invalid_grant" });
    assert.deepEqual(
      development.requests
        .filter(({ path }) => path.includes("connect"))
        .map(({ grant_type, status }) => [grant_type, status]),
      [
        ["password", 400],
        ["password", 200],
        ["refresh_token", 200],
        ["refresh_token", 200],
        [null, 200],
        ["refresh_token", 400],
      ],
    );
  });

  test("a restart from a store", async () => {
    const world = { isShort: true };
    const persistence = new MemoryStore();
    await (await open(world, { persistence })).login("carol", "acme-secret");
    world.isShort = false;
    const restored = await (await open(world, { persistence })).restore();
    assert.equal(await me(restored), 200);
    assert.equal(restored.getSnapshot().generation, 2);
  });

  test("a tenant that does not exist is refused", async () => {
    const client = await initializeWithTenant("demo", "nobody", "demo-public-key", { authUrl: development.url });
    await rejects(client.login("carol", "acme-secret"), { code: "refused", error: "invalid_request", status: 400 });
  });
});
