import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { awaited, sample } from "../shared/sample.mjs";
import { startSite } from "../shared/site.mjs";
import { newAuthorizationServer } from "./servers.mjs";

/** The page around a sample: the default server is the development server, and both connections can be seen. */
const page = (text) => `
  import { MeshyClient } from "/pkg/index.js";

  const developmentServer = location.search.slice(1);
  const { fetch } = window;
  window.fetch = (url, init) => fetch(url.replace("https://auth.meshydb.com", developmentServer), init);

  const [accountName, tenant, publicKey] = ["demo", "acme", "demo-public-key"];
  const [username, password] = ["carol", "acme-secret"];

  const [signedIn, refreshed] = [Promise.withResolvers(), Promise.withResolvers()];
  const watched = ({ login, loginWithPersistance }) => ({
    login(...args) {
      signedIn.resolve(login(...args));
      return signedIn.promise;
    },
    loginWithPersistance(...args) {
      refreshed.resolve(loginWithPersistance(...args));
      return refreshed.promise;
    },
  });
  const { initializeWithTenant } = MeshyClient;
  MeshyClient.initializeWithTenant = (...args) => {
    const client = initializeWithTenant(...args);
    return Object.assign(
      client.then((own) => ({ ...own, ...watched(own) })),
      watched({ login: client.login.bind(client), loginWithPersistance: client.loginWithPersistance.bind(client) }),
    );
  };
  window.connections = Promise.all([signedIn.promise, refreshed.promise]);
  window.started = true;

  ${text}
`;

async function useBothConnections() {
  const api = `${location.search.slice(1)}/api/demo/me`;
  const answers = [];
  for (const connection of await window.connections) {
    const headers = { authorization: `Bearer ${await connection.getAccessToken()}`, tenant: "acme" };
    const { username, tenant } = await (await fetch(api, { headers })).json();
    const { state, generation } = connection.getSnapshot();
    answers.push({ username, tenant, state, generation, refreshToken: connection.retrievePersistanceToken() });
  }
  return answers;
}

inOneBrowserAtLeast((browser) => {
  for (const [form, text] of Object.entries({ "as published": sample, "with await": awaited })) {
    test(`the sample ${form} leaves two connections that work`, async (t) => {
      const site = await startSite({ "/page.js": page(text) }, "script-src 'self' 'wasm-unsafe-eval'");
      t.after(() => site.close());
      const server = await newAuthorizationServer(t);
      const { page: tab, problems } = await newTab(await newContext(t, browser()), `${site.url}/?${server.url}`);
      await until(tab, () => window.started);

      const [first, refreshed] = await tab.evaluate(useBothConnections);
      assert.deepEqual(first, refreshed);
      assert.equal(typeof first.refreshToken, "string");
      assert.deepEqual(
        { ...first, refreshToken: undefined },
        { username: "carol", tenant: "acme", state: "active", generation: 2, refreshToken: undefined },
      );

      const posts = server.requests.filter(({ method }) => method === "POST");
      assert.deepEqual(
        posts.map(({ path, tenant, grant_type, status }) => [path, tenant, grant_type, status]),
        [
          ["/demo/connect/token", "acme", "password", 200],
          ["/demo/connect/token", "acme", "refresh_token", 200],
        ],
      );
      assert.notEqual(server.count("token", "OPTIONS"), 0);
      assert.deepEqual(problems, []);
    });
  }
});
