import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import {
  completeSignIn,
  createClient,
  serviceConnection,
  signInWithDevice,
  signInWithLoopback,
  signInWithPopup,
} from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { Storage, Tab } from "../shared/tab.mjs";
import { APP, asked, begin, comeBack, create, ISSUER, metadata, OIDC, serverOf, tokens } from "./issuer.mjs";

afterEach(() => {
  for (const name of ["document", "window", "importScripts"]) delete globalThis[name];
});

test("a client keeps to the options of its call, whatever becomes of the object", async () => {
  const requests = [];
  const fetch = async (url, init) => {
    if (String(url).endsWith(OIDC)) return Response.json(metadata);
    requests.push([url, Object.fromEntries(new URLSearchParams(init.body)), init.headers.authorization]);
    return Response.json(tokens);
  };
  const options = { clientId: "app", clientSecret: "secret", scope: "a", issuer: ISSUER, fetch };
  const creating = createClient(options);
  const other = () => assert.fail("asked the other");
  Object.assign(options, { clientId: "b", clientSecret: "b", scope: "b", issuer: "https://b.example", fetch: other });
  await serviceConnection(await creating);
  const form = { grant_type: "client_credentials", client_id: "app", scope: "a" };
  assert.deepEqual(requests, [[metadata.token_endpoint, form, `Basic ${btoa("app:secret")}`]]);
});

describe("a session is the same", () => {
  const tenant = { issuer: `${ISSUER}/tenant` };
  for (const [what, one, other] of [
    ["in the default slot", {}, { slot: "default" }],
    ["of an issuer with a slash at its end", tenant, { issuer: `${tenant.issuer}/` }],
    ["with a token endpoint beside the issuer", tenant, { ...tenant, tokenEndpoint: metadata.token_endpoint }],
  ]) {
    test(`${what}: it is restored, and a sign-in is completed, both ways`, async () => {
      for (const [here, there] of [
        [one, other],
        [other, one],
      ]) {
        const document = () => Response.json({ ...metadata, issuer: here.issuer ?? ISSUER });
        const answers = { [OIDC]: document, [`/tenant${OIDC}`]: document, "/t": () => Response.json(tokens) };
        const common = { fetch: serverOf(answers), persistence: new MemoryStore() };
        const begun = await begin({ ...common, authorizationEndpoint: metadata.authorization_endpoint, ...here });
        comeBack(begun);
        const { connection } = await completeSignIn(await create({ ...common, ...there }));
        const { sessionId } = connection.getSnapshot();
        for (const options of [here, there]) {
          const restored = await (await create({ ...common, ...options })).restore();
          assert.equal(restored?.getSnapshot().sessionId, sessionId);
        }
      }
    });
  }
});

describe("a resource", () => {
  const resource = "https://api.example/v1";
  const endpoints = {
    revocation_endpoint: `${ISSUER}/r`,
    device_authorization_endpoint: `${ISSUER}/d`,
  };
  const forms = [];
  const noting = (answer) => (init) => {
    forms.push(Object.fromEntries(new URLSearchParams(init.body)));
    return Response.json(answer, { status: answer.request_uri ? 201 : 200 });
  };
  const answers = {
    [OIDC]: () => Response.json({ ...metadata, ...endpoints }),
    "/t": noting(tokens),
    "/r": noting({}),
    "/d": noting({ device_code: "d", user_code: "u", verification_uri: ISSUER, expires_in: 60, interval: 0.001 }),
    "/p": noting({ request_uri: "urn:a", expires_in: 60 }),
  };
  const options = { fetch: serverOf(answers), resource };
  afterEach(() => {
    forms.length = 0;
  });

  test("is named in a sign-in, the request for its token and each refresh, and in no revocation", async () => {
    const begun = await begin(options);
    assert.equal(begun.url.searchParams.get("resource"), resource);
    comeBack(begun);
    const { connection } = await completeSignIn(await create(options));
    await connection.getAccessToken({ rejected: "a" });
    await connection.signout();
    assert.deepEqual(
      forms.map((form) => [form.grant_type, form.resource]),
      [
        ["authorization_code", resource],
        ["refresh_token", resource],
        [undefined, undefined],
      ],
    );
  });

  test("is named in a sign-in that is pushed", async () => {
    await begin({ ...options, pushedAuthorizationRequestEndpoint: `${ISSUER}/p` });
    assert.deepEqual(
      forms.map((form) => [form.response_type, form.resource]),
      [["code", resource]],
    );
  });

  test("is named in a sign-in at another device, and once where a service names another", async () => {
    await signInWithDevice(await create(options), { show: () => {} });
    await serviceConnection(await create(options), { resource: "https://other.example" });
    assert.deepEqual(
      forms.map((form) => form.resource),
      [resource, resource, "https://other.example"],
    );
  });

  test("has a session of its own", async () => {
    const persistence = new MemoryStore();
    const open = (more) => create({ ...options, ...more, persistence });
    await (await open()).loginWithGrant("a");
    for (const other of [undefined, `${resource}/`, "https://api.example"])
      assert.equal(await (await open({ resource: other })).restore(), null);
    assert.ok(await (await open()).restore());
  });

  for (const none of ["", "v1", "https://api.example/#a", "https://api.example/a b", "urn:\u00e9", 5, null]) {
    test(`is an absolute URI without a fragment, not ${none}`, async () => {
      await rejects(create({ ...options, resource: none }), { code: "invalid_argument", argument: "resource" });
    });
  }
});

test("a client that proves itself is refused in a web worker", async () => {
  globalThis.importScripts = () => {};
  for (const [argument, proof] of Object.entries({ clientSecret: "secret", clientAuthentication: () => {} })) {
    await rejects(create({ [argument]: proof }), { code: "invalid_argument", argument });
  }
});

describe("a signal that is none is found before anything is asked or shown", () => {
  for (const use of [signInWithDevice, signInWithLoopback, signInWithPopup]) {
    test(`by ${use.name}`, async () => {
      const open = () => assert.fail("shown");
      const client = await create({ fetch: serverOf({}) });
      new Tab(APP).show(new Storage());
      Object.assign(globalThis, { document: {}, window: { open } });
      for (const signal of [null, 5, {}, { aborted: true }]) {
        const options = { redirectUri: APP, open, show: open, signal };
        await rejects(use(client, options), { code: "invalid_argument", argument: "signal" });
      }
      assert.deepEqual(asked, []);
    });
  }
});
