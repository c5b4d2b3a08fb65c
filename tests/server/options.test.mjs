import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";

const account = { name: "demo", publicKey: "key", tenants: ["default"] };
const user = { account: "demo", tenant: "default", username: "alice", password: "wonderland" };
const seconds = (least) => `a whole number from ${least} to 1000000000`;
const aPort = "port must be a whole number from 0 to 65535";
const aPerson = "users[0] must be an object with account, tenant, username, password";

const wrong = [
  [{ port: "8081" }, `${aPort}, not "8081"`],
  [{ port: 65_536 }, `${aPort}, not 65536`],
  [{ port: Number.NaN }, `${aPort}, not NaN`],
  [{ accessTokenLifetime: 0 }, `accessTokenLifetime must be ${seconds(1)}, not 0`],
  [{ accessTokenLifetime: "60" }, `accessTokenLifetime must be ${seconds(1)}, not "60"`],
  [{ accessTokenLifetime: 0.5 }, `accessTokenLifetime must be ${seconds(1)}, not 0.5`],
  [{ accessTokenLifetime: null }, `accessTokenLifetime must be ${seconds(1)}, not null`],
  [{ refreshTokenLifetime: 1_000_000_001 }, `refreshTokenLifetime must be ${seconds(1)}, not 1000000001`],
  [{ reuseWindow: -1 }, `reuseWindow must be ${seconds(0)}, not -1`],
  [{ reuseWindow: Number.POSITIVE_INFINITY }, `reuseWindow must be ${seconds(0)}, not Infinity`],
  [{ faults: [{ name: "delay", milliseconds: 3e9 }] }, /^faults\[0]\.milliseconds must be .*, not 3000000000$/],
  [{ log: "yes" }, 'log must be a function, not "yes"'],
  [{ accounts: account }, /^accounts must be a list, not \{/],
  [{ accounts: [null] }, "accounts[0] must be an object with name, publicKey, tenants, secret, not null"],
  [{ accounts: [{ ...account, name: "a/b" }] }, 'accounts[0].name must be a text without "/", "?" and "#", not "a/b"'],
  [{ accounts: [account, { ...account, publicKey: "" }] }, 'accounts[1].publicKey must be a text, not ""'],
  [{ accounts: [{ ...account, tenants: "default" }] }, 'accounts[0].tenants must be a list of names, not "default"'],
  [{ accounts: [{ ...account, secret: "" }] }, 'accounts[0].secret must be a text of visible ASCII characters, not ""'],
  [{ users: ["alice:wonderland"] }, `${aPerson}, not "alice:wonderland"`],
  [{ users: [user, { ...user, password: undefined }] }, "users[1].password must be a text, not undefined"],
  [{ users: [{ ...user, account: "dmo" }] }, 'users[0].account must be one of demo, other, not "dmo"'],
  [{ users: [{ ...user, tenant: "acne" }] }, 'users[0].tenant must be one of default, acme, not "acne"'],
  [
    { accessTokenLifetme: 60 },
    /^accessTokenLifetme is unknown here: there is port, accessTokenLifetime, refreshTokenLifetime, reuseWindow/,
  ],
  [null, "options must be an object, not null"],
  [8081, "options must be an object, not 8081"],
];

describe("the development server", () => {
  for (const [options, message] of wrong) {
    test(`does not start, and says why: ${typeof message === "string" ? message : message.source}`, async () => {
      await assert.rejects(startAuthorizationServer(options), { name: "TypeError", message });
    });
  }

  test("starts with what is left out, and with the least and the most", async () => {
    for (const options of [
      undefined,
      { port: undefined, accessTokenLifetime: undefined, users: undefined, faults: undefined, log: undefined },
      { port: 0, accessTokenLifetime: 1, refreshTokenLifetime: 1, reuseWindow: 0, faults: [], users: [] },
      {
        accessTokenLifetime: 1e9,
        refreshTokenLifetime: 1e9,
        reuseWindow: 1e9,
        accounts: [{ ...account, secret: "s:%" }],
        users: [user],
      },
      { faults: [{ name: "delay", milliseconds: 2 ** 31 - 1 }] },
    ]) {
      const server = await startAuthorizationServer(options);
      await server.close();
    }
  });
});
