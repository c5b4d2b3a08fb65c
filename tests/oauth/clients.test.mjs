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
