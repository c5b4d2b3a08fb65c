import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initializeWithTenant, rejects, server } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";

/** Valid arguments but for these. */
function initialize({ accountName = "acme", tenant, publicKey = "key", ...options } = {}) {
  return initializeWithTenant(accountName, tenant, publicKey, { fetch: server.fetch, ...options });
}

/** Where a login and its sign-out go, and what they ask for. */
async function requestsOf(given) {
  const connection = await (await initialize(given)).login("alice", "pw");
  await connection.signout();
  const [login, revocation] = server.requests.splice(0);
  return { token: login.url, scope: login.form.scope, tenant: login.tenant, revocation: revocation?.url };
}

/** What a session is called in a store. */
async function keyOf(given) {
  const keys = new Set();
  class Store extends MemoryStore {
    read(key) {
      keys.add(key);
      return super.read(key);
    }
  }
  await (await initialize({ ...given, persistence: new Store() })).restore();
  const [key, ...others] = keys;
  assert.equal(others.length, 0);
  return key;
}

describe("the options of a client", () => {
  test("default to MeshyDB", async () => {
    assert.deepEqual(await requestsOf(), {
      token: "https://auth.meshydb.com/acme/connect/token",
      scope: "meshy.api offline_access",
      tenant: undefined,
      revocation: "https://auth.meshydb.com/acme/connect/revocation",
    });
  });

  test("with a token endpoint default to nothing", async () => {
    const tokenEndpoint = "https://example.com/oauth/token";
    const bare = { token: tokenEndpoint, scope: undefined, tenant: undefined, revocation: undefined };
    assert.deepEqual(await requestsOf({ tokenEndpoint }), bare);
    const revocationEndpoint = "https://example.com/r";
    assert.deepEqual(await requestsOf({ tokenEndpoint, revocationEndpoint, scope: "a b", tenant: "t" }), {
      token: tokenEndpoint,
      scope: "a b",
      tenant: "t",
      revocation: revocationEndpoint,
    });
  });

  test("with a revocation endpoint of its own change nothing else", async () => {
    const revocationEndpoint = "https://example.com/r";
    assert.deepEqual(await requestsOf({ revocationEndpoint }), {
      ...(await requestsOf()),
      revocation: revocationEndpoint,
    });
  });

  test("take texts up to a length, and no longer", async () => {
    const limits = { accountName: 128, tenant: 1_024, publicKey: 1_024, scope: 1_024, slot: 1_024 };
    for (const [argument, longest] of Object.entries(limits)) {
      assert.ok(await initialize({ [argument]: "a".repeat(longest) }), argument);
      const longer = initialize({ [argument]: "a".repeat(longest + 1) });
      await rejects(longer, { code: "invalid_argument", argument });
    }
    assert.ok(await initialize({ slot: "😀".repeat(1_024) }));
    for (const slot of ["😀".repeat(1_025), "\ud800", "a\udfffb"]) {
      await rejects(initialize({ slot }), { code: "invalid_argument", argument: "slot" });
    }
  });

  test("take what is ordinary", async () => {
    const ordinary = {
      accountName: ["a", "9", "a.b", "a..b", "A-b_c~d."],
      tenant: ["", "a", "a b", "!~", '"a\\b"'],
      publicKey: ["!", 'a:b&c=d%"\\'],
      scope: ["", "a", "a b", "urn:a/b?c"],
      slot: ["a", " ", "Zoë 😀", "\r\n\0", "a:b"],
      timeout: [1, 1.5, 10_000, 3_600_000],
      reuseWindow: [0, 1, 5_000, 3_600_000],
    };
    for (const [argument, values] of Object.entries(ordinary)) {
      for (const value of values) assert.ok(await initialize({ [argument]: value }), `${argument} ${value}`);
    }
  });

  test("are looked at in order, and the first at fault is named", async () => {
    const texts = { accountName: "", tenant: "\n", publicKey: "", scope: "é", slot: "" };
    const wrong = { ...texts, timeout: 0, reuseWindow: -1, refreshIn: {}, fetch: "fetch" };
    const names = Object.keys(wrong);
    for (const [index, argument] of names.entries()) {
      const given = Object.fromEntries(names.slice(index).map((name) => [name, wrong[name]]));
      await rejects(initialize(given), { code: "invalid_argument", argument });
    }
  });
});

describe("the key of a session", () => {
  test("is an encoding of what tells sessions apart", async () => {
    const key = "meshydb-client:https%3A%2F%2Fauth.meshydb.com%2Facme%2Fconnect%2Ftoken:acme::key:default";
    assert.equal(await keyOf(), key);
    assert.equal(await keyOf({ scope: "a", timeout: 1, revocationEndpoint: "https://a/r", slot: "default" }), key);
    assert.equal(await keyOf({ authUrl: "https://auth.meshydb.com/" }), key);
  });

  test("is another for every other session, and visible ASCII", async () => {
    const crafted = ["a", "a:b", ":", "a:", ":a", "a%3Ab"];
    const keys = new Set();
    let count = 0;
    for (const accountName of ["a", "a.b"]) {
      for (const tokenEndpoint of [undefined, "https://a", "https://a/:"]) {
        for (const tenant of ["", "a b", ":", "a:", "a%3Ab"]) {
          for (const publicKey of crafted) {
            for (const slot of ["é", "%C3%A9", "a+b", "a b", ...crafted]) {
              keys.add(await keyOf({ accountName, tokenEndpoint, tenant, publicKey, slot }));
              count += 1;
            }
          }
        }
      }
    }
    assert.equal(keys.size, count);
    for (const key of keys) assert.match(key, /^[!-~]+$/);
  });
});
