import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { createClient } from "../../pkg/mcp.js";
import { signInWithLoopback } from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";

const ORIGIN = "https://mcp.example";
const ISSUER = "https://auth.example";
const OF_PATH = `${ORIGIN}/.well-known/oauth-protected-resource/tools/mcp`;
const OF_ORIGIN = `${ORIGIN}/.well-known/oauth-protected-resource`;
const url = `${ORIGIN}/tools/mcp`;
const resource = { resource: url, authorization_servers: [ISSUER, "https://other.example"] };
const metadata = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/t`,
  registration_endpoint: `${ISSUER}/register`,
  code_challenge_methods_supported: ["S256"],
};
const registered = { client_id: "registered" };

let answers;
let asked;
let persistence;
beforeEach(() => {
  asked = [];
  persistence = new MemoryStore();
  answers = {
    [url]: unauthorized('Bearer realm="mcp"'),
    [OF_PATH]: Response.json(resource),
    [`${ISSUER}/.well-known/oauth-authorization-server`]: Response.json(metadata),
    [`${ISSUER}/register`]: Response.json(registered, { status: 201 }),
  };
});

function unauthorized(challenge) {
  return new Response("", { status: 401, headers: { "www-authenticate": challenge } });
}

async function fetch(input, init) {
  asked.push([String(input), new Headers(init?.headers).get("authorization")]);
  const answer = answers[input] ?? new Response("", { status: 404 });
  if (answer instanceof Error) throw answer;
  return answer.clone();
}

const create = (options) => createClient({ url, persistence, fetch, ...options });

/** What the user would be asked. */
async function authorizationOf(options) {
  let opened;
  const enough = new Error("enough");
  const open = (text) => {
    opened = new URL(text);
    throw enough;
  };
  await assert.rejects(signInWithLoopback(await create(options), { open }), enough);
  return Object.fromEntries(opened.searchParams);
}

/** That it is refused, and nothing kept. */
async function refuses(code, options) {
  await rejects(create(options), { code });
  assert.equal(persistence.values.size, 0);
}

describe("the resource", () => {
  test("is the one at the well-known URL of the server's, and no token is sent to find it", async () => {
    const { resource: named, client_id, scope } = await authorizationOf();
    assert.deepEqual([named, client_id, scope], [url, "registered", undefined]);
    assert.deepEqual(
      asked.map(([place]) => place),
      [
        url,
        OF_PATH,
        ...["openid-configuration", "oauth-authorization-server"].map((name) => `${ISSUER}/.well-known/${name}`),
        `${ISSUER}/register`,
        ...["openid-configuration", "oauth-authorization-server"].map((name) => `${ISSUER}/.well-known/${name}`),
      ],
    );
    for (const [, authorization] of asked) assert.equal(authorization, null);
  });

  test("is the one that the challenge points at", async () => {
    const place = "https://other.example/metadata";
    answers[url] = unauthorized(
      `Basic realm="a, b", Bearer scope="a b", resource_metadata="${place}", error=invalid_token`,
    );
    answers[place] = answers[OF_PATH];
    delete answers[OF_PATH];
    const { resource: named, scope } = await authorizationOf();
    assert.deepEqual([named, scope], [url, "a b"]);
  });

  test("is that of the origin, as it spells itself, where the server has none of its own", async () => {
    delete answers[OF_PATH];
    answers[OF_ORIGIN] = Response.json({ ...resource, resource: ORIGIN });
    assert.equal((await authorizationOf()).resource, ORIGIN);
  });

  test("is that of the origin where the challenge points there", async () => {
    answers[url] = unauthorized(`Bearer resource_metadata="${OF_ORIGIN}"`);
    answers[OF_ORIGIN] = Response.json({ ...resource, resource: ORIGIN });
    assert.equal((await authorizationOf()).resource, ORIGIN);
  });

  for (const [what, challenge] of Object.entries({
    nothing: "",
    "no scheme": '="a"',
    "a parameter that is cut": 'Bearer resource_metadata="https://mcp.exam',
    "no URL": 'Bearer resource_metadata="tools", scope="a"',
    "a script": 'Bearer resource_metadata="javascript:alert(1)", scope="a"',
    "http elsewhere": 'Bearer resource_metadata="http://mcp.example/metadata", scope="a"',
    "a scope that is none": `Bearer scope="${"a".repeat(513)}"`,
    "a scope that no request can have": 'Bearer scope="a\\"b"',
    "another scheme": 'Basic resource_metadata="https://evil.example/metadata", scope="evil"',
    "a token": "Bearer abc==",
    "a name of Object's": 'Bearer __proto__="a", constructor="b"',
  })) {
    test(`is found in spite of a challenge with ${what}`, async () => {
      answers[url] = unauthorized(challenge);
      const { resource: named, scope = "a" } = await authorizationOf();
      assert.deepEqual([named, scope], [url, "a"]);
    });
  }

  for (const [what, document] of Object.entries({
    "another resource": { ...resource, resource: "https://other.example/mcp" },
    "a resource beside it": { ...resource, resource: `${ORIGIN}/tools` },
    "the origin at the server's own place": { ...resource, resource: ORIGIN },
    "no resource": { authorization_servers: [ISSUER] },
    "a resource that is no URL": { ...resource, resource: 5 },
  })) {
    test(`is refused where its metadata names ${what}`, async () => {
      answers[OF_PATH] = Response.json(document);
      await refuses("invalid_response");
      answers[url] = unauthorized(`Bearer resource_metadata="${OF_PATH}"`);
      await refuses("invalid_response");
      assert.equal(
        asked.some(([place]) => place.startsWith(ISSUER)),
        false,
      );
    });
  }

  test("is refused where the origin's metadata names another", async () => {
    delete answers[OF_PATH];
    answers[OF_ORIGIN] = Response.json({ ...resource, resource: "https://other.example" });
    await refuses("invalid_response");
  });

  test("has to have metadata, with an authorization server that is https", async () => {
    for (const servers of [undefined, [], ["http://auth.example"], [5], ISSUER]) {
      answers[OF_PATH] = Response.json({ ...resource, authorization_servers: servers });
      await refuses("unsupported");
    }
    delete answers[OF_PATH];
    await refuses("unsupported");
    answers[OF_PATH] = new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    await refuses("invalid_response");
    answers[OF_PATH] = Response.json({ ...resource, more: "x".repeat(100_000) });
    await refuses("invalid_response");
  });

  test("is asked for again after a failure that passes", async () => {
    const found = answers[OF_PATH];
    answers[OF_PATH] = new Response("", { status: 503 });
    await rejects(create(), { code: "unavailable", retryable: true, status: 503 });
    answers[OF_ORIGIN] = Response.json({ ...resource, resource: ORIGIN });
    await rejects(create(), { code: "unavailable", retryable: true, status: 503 });
    answers[OF_PATH] = new TypeError("fetch failed");
    await rejects(create(), { code: "network", retryable: true });
    answers[OF_PATH] = found;
    assert.equal((await authorizationOf()).resource, url);
  });
});

describe("the registration", () => {
  const serve = (document) => {
    answers[`${ISSUER}/.well-known/oauth-authorization-server`] = Response.json({ ...metadata, ...document });
  };

  test("is not asked for where there is a clientId", async () => {
    serve({ registration_endpoint: undefined });
    assert.equal((await authorizationOf({ clientId: "mine" })).client_id, "mine");
    await rejects(create(), { code: "unsupported" });
  });

  test("needs a server that takes PKCE, and its own place at an https URL", async () => {
    for (const methods of [undefined, ["plain"], "S256", 5]) {
      serve({ code_challenge_methods_supported: methods });
      await refuses("unsupported");
    }
    serve({ registration_endpoint: "http://auth.example/register" });
    await refuses("unsupported");
    assert.equal(
      asked.some(([place]) => place.endsWith("/register")),
      false,
    );
  });

  for (const [what, answer, code] of [
    ["is refused", Response.json({ error: "invalid_client_metadata" }, { status: 400 }), "refused"],
    ["has to be asked for later", new Response("", { status: 429 }), "unavailable"],
    ["has no client_id", Response.json({}, { status: 201 }), "invalid_response"],
    [
      "has a client_id that no request can have",
      Response.json({ client_id: "a\nb" }, { status: 201 }),
      "invalid_response",
    ],
    ["is HTML", new Response("<!doctype html>", { status: 201 }), "invalid_response"],
  ]) {
    test(`is not kept where it ${what}`, async () => {
      answers[`${ISSUER}/register`] = answer;
      await refuses(code);
    });
  }

  for (const [method, isInHeader] of [
    ["client_secret_basic", true],
    ["client_secret_post", false],
  ]) {
    test(`may come with a secret, for ${method}`, async () => {
      const client = { ...registered, client_secret: "secret", client_secret_expires_at: 0 };
      answers[`${ISSUER}/register`] = Response.json({ ...client, token_endpoint_auth_method: method }, { status: 201 });
      let form;
      const noting = async (input, init) => {
        if (input !== metadata.token_endpoint) return fetch(input, init);
        form = [new URLSearchParams(init.body).get("client_secret"), init.headers.authorization];
        return Response.json({ access_token: "a", token_type: "Bearer", refresh_token: "r" });
      };
      await create();
      await (await create({ fetch: noting })).loginWithGrant("code", { code: "c" });
      assert.deepEqual(form, isInHeader ? [null, `Basic ${btoa("registered:secret")}`] : ["secret", undefined]);
    });
  }

  test("that cannot be read is made anew", async () => {
    await create();
    const [key] = persistence.values.keys();
    const damaged = JSON.stringify({ ...JSON.parse(persistence.values.get(key)), clientId: 5 });
    for (const text of ["", "{", "5", "null", "[]", damaged]) {
      persistence.values.set(key, text);
      assert.equal((await authorizationOf()).client_id, "registered");
    }
  });
});

describe("an option that is none", () => {
  for (const [argument, value] of Object.entries({
    url: "http://mcp.example",
    clientName: 5,
    clientId: "a b",
    persistence: "local",
    fetch: 5,
    scope: '"',
    timeout: -1,
    slot: "",
    issuerr: "a",
  })) {
    test(`is found before anything is asked: ${argument}`, async () => {
      await rejects(create({ [argument]: value }), { code: "invalid_argument", argument });
      assert.deepEqual(asked, []);
    });
  }

  test("is found where there are none", async () => {
    await rejects(createClient(), { code: "invalid_argument", argument: "options" });
  });
});
