import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { installPackage } from "../shared/installed.mjs";
import { startOAuth2Server } from "../shared/oauth2-server.mjs";
import { run } from "../shared/processes.mjs";
import { awaited, sample } from "../shared/sample.mjs";

const optional = `
    const options = { tokenEndpoint: server + "/oauth/token" };
    const client = await MeshyClient.initializeWithTenant(accountName, tenant, publicKey, options);
    const meshyConnection = await client.login(username, password);
    const refreshedMeshyConnection = await client.loginWithPersistance(meshyConnection.retrievePersistanceToken());
`;

let pack;
let development;
let other;
before(async () => {
  pack = await installPackage();
  development = await startAuthorizationServer();
  other = await startOAuth2Server({ clientId: "demo-public-key", users: { carol: "acme-secret" } });
});
beforeEach(() => {
  development.requests.length = 0;
  other.grants.length = 0;
});
after(() => Promise.all([pack.remove(), development.close(), other.close()]));

const servers = {
  "oidc-provider": {
    start: () => development,
    me: "/api/demo/me",
    seen: () =>
      development.requests
        .filter(({ method, account, tenant }) => method === "POST" && account === "demo" && tenant === "acme")
        .map(({ grant_type, status }) => [grant_type, status]),
  },
  "oauth2-server": { start: () => other, me: "/me", seen: () => other.grants },
};
const formats = {
  "as a module": ["module", (code) => `import { MeshyClient as Original } from "meshydb-client";\n${code}`],
  "through require": [
    "commonjs",
    (code) => `const { MeshyClient: Original } = require("meshydb-client");\n(async () => {\n${code}\n})();`,
  ],
};

/** What the sample takes as given; the default server is at hand at another address. */
function given({ url }) {
  return `
    const server = ${JSON.stringify(url)};
    const accountName = "demo", tenant = "acme", publicKey = "demo-public-key";
    const username = "carol", password = "acme-secret";
    const platform = globalThis.fetch;
    globalThis.fetch = (url, init) => platform(String(url).replace("https://auth.meshydb.com/", server + "/"), init);
    let MeshyClient = Original;
  `;
}

/** Lets what the sample makes be seen; it is the same promises that the sample works with. */
const hooks = `
    const made = {};
    const joined = new Promise((resolve) => { made.join = resolve; });
    MeshyClient = {
      initializeWithTenant(...args) {
        const client = Original.initializeWithTenant(...args);
        const { login, loginWithPersistance } = client;
        client.login = (...args) => (made.login = login.apply(client, args));
        client.loginWithPersistance = (...args) => {
          const promise = loginWithPersistance.apply(client, args);
          made.join(promise);
          return promise;
        };
        return client;
      },
    };
`;

/** Both handles work, now and after each has refreshed. */
function verification(first, second, path) {
  return `
    const handles = [${first}, ${second}];
    const results = [];
    for (const handle of [...handles, ...handles]) {
      const token = await handle.getAccessToken({ rejected: await handle.getAccessToken() });
      const answer = await platform(server + ${JSON.stringify(path)}, { headers: { Authorization: "Bearer " + token, Tenant: tenant } });
      results.push(answer.status, (await answer.json()).username);
    }
    console.log(JSON.stringify({ results, isSame: handles[0] === handles[1] }));
  `;
}

async function runSample(format, code) {
  const [type, wrap] = formats[format];
  const args = [`--input-type=${type}`, "--eval", wrap(code)];
  const { code: status, stdout, stderr } = await run(process.execPath, args, { cwd: pack.folder });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout;
}

for (const [name, { start, me, seen }] of Object.entries(servers)) {
  describe(`against ${name}`, () => {
    const worksTwice = { results: Array.from({ length: 4 }, () => [200, "carol"]).flat(), isSame: false };

    for (const format of Object.keys(formats)) {
      test(`the sample runs to its end ${format}`, async () => {
        assert.equal(await runSample(format, given(start()) + sample), "");
        assert.deepEqual(seen(), [
          ["password", 200],
          ["refresh_token", 200],
        ]);
      });

      test(`the sample ${format} gives two connections that work`, async () => {
        const checked = verification("await made.login", "await joined", me);
        const stdout = await runSample(format, given(start()) + hooks + sample + checked);
        assert.deepEqual(JSON.parse(stdout), worksTwice);
        assert.deepEqual(seen().slice(0, 2), [
          ["password", 200],
          ["refresh_token", 200],
        ]);
        assert.ok(seen().every(([, status]) => status === 200));
      });

      test(`the sample with await runs ${format}`, async () => {
        const checked = verification("meshyConnection", "refreshedMeshyConnection", me);
        const stdout = await runSample(format, given(start()) + awaited + checked);
        assert.deepEqual(JSON.parse(stdout), worksTwice);
      });
    }
  });
}

test("against oauth2-server at an endpoint of its own, signing out", async () => {
  const checked = verification("meshyConnection", "refreshedMeshyConnection", "/me");
  const stdout = await runSample(
    "as a module",
    `${given(other)}${optional}${checked} await meshyConnection.signout();`,
  );
  assert.match(stdout, /"isSame":false/);
  assert.ok(other.grants.every(([, status]) => status === 200));
});

test("wrong credentials are an error that an application can show", async () => {
  for (const { url } of [development, other]) {
    const stdout = await runSample(
      "as a module",
      `${given({ url })}
      await MeshyClient.initializeWithTenant(accountName, tenant, publicKey)
        .login(username, "mistyped")
        .catch(({ code, message }) => console.log(code, message));`,
    );
    assert.match(stdout, /^invalid_grant invalid_grant: the server refused the credentials(: [\w :]+)?\n$/);
  }
});

describe("a process that has logged in exits by itself", () => {
  const store = `{
    values: new Map(),
    read(key) { return this.values.get(key) ?? null; },
    compareAndSet(key, expected, next) {
      if (this.read(key) !== expected) return false;
      this.values.set(key, next);
      return true;
    },
    watch() { return () => {}; },
  }`;
  for (const [what, persistence] of [
    ["with persistence none", '"none"'],
    ["with persistence local", '"local"'],
    ["with a store", store],
  ]) {
    for (const [how, then] of [
      ["and does nothing more", ""],
      ["and listens and signs out without waiting", "client.subscribe(() => {}); connection.signout();"],
    ]) {
      test(`${what} ${how}`, async () => {
        const stdout = await runSample(
          "as a module",
          `${given(development)}
          const options = { authUrl: server, timeout: 3_600_000, persistence: ${persistence} };
          const client = await Original.initializeWithTenant(accountName, tenant, publicKey, options);
          const connection = await client.login(username, password);
          ${then}
          console.log("done");`,
        );
        assert.equal(stdout, "done\n");
      });
    }
  }
});
