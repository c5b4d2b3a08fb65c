import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, beforeEach, describe, mock, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import WebSocket from "ws";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { close, listen } from "../../dev/http.mjs";
import { run } from "../shared/processes.mjs";
import { rejection } from "../shared/waiting.mjs";
import { startFront } from "./front.mjs";
import { files, placed, project } from "./placed.mjs";
import { typeErrors } from "./types.mjs";
import "./pages.mjs";

const START = "http://127.0.0.1:8081";
const STORM = 10;

let front;
let load;
let opened = 0;

before(async () => {
  front = await startFront();
  load = await loaderOf("recipes", front.url);
  front.introspect = (await load("introspect.js")).introspect;
  globalThis.WebSocket ??= WebSocket;
});
beforeEach(() => front.forget());
after(() => front.close());

/** Imports the document's files. */
async function loaderOf(name, url, options) {
  const folder = await placed(name, url, options);
  return (file) => import(join(folder, file));
}

/** A client, its connection, and the token that it has. */
async function signedIn(username = "alice", password = "wonderland") {
  opened += 1;
  const { client } = await load(`session.js?${opened}`);
  const connection = await client.login(username, password);
  const token = await connection.getAccessToken();
  front.forget();
  return { client, connection, token };
}

/** Now every token of before has expired, by the clock of the clients and of the server. */
function passAMinute(t) {
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    mock.method(clock, "now", () => now() + 61_000);
  }
  t.after(() => mock.restoreAll());
}

const refreshes = () => front.grants().filter((grant) => grant === "refresh_token").length;

test("what takes a connection or a token takes it in TypeScript, too", async () => {
  const names = ["http", "intercepted", "repeatable", "clients", "graph", "follow", "listen", "introspect", "verify"];
  const typed = names.map((name) => [
    `${name}.ts`,
    files[`${name}.js`]
      .replaceAll(/(?<== |function \w+)\(connection/g, '(connection: import("meshydb-client").MeshyConnection')
      .replace("function open(rejected)", "function open(rejected?: string)")
      .replace(/(?<=function \w+)\(token/, "(token: string"),
  ]);
  const folder = await project("types", Object.fromEntries(typed));
  assert.deepEqual(
    typeErrors(folder, names).map((text) => text.slice(0, text.indexOf(" to type"))),
    ["http.ts: Type 'null' is not assignable"],
  );
  await project("types", { "http.ts": typed[0][1].replace("null", "null as never") });
  assert.deepEqual(typeErrors(folder, ["http"]), []);
});

describe("a library", () => {
  const expected = [{ username: "alice" }, { length: 7, content_type: "application/json" }];
  const libraries = {
    async axios(connection) {
      const http = (await load("http.js")).httpOf(connection);
      return [async () => http.get("me"), async () => http.post("echo", { a: 1 })];
    },
    async "axios with interceptors"(connection) {
      const http = (await load("intercepted.js")).interceptedHttp(connection, `${front.url}/api/demo`);
      return [async () => http.get("me"), async () => http.post("echo", { a: 1 })];
    },
    async ky(connection) {
      const api = (await load("clients.js")).kyOf(connection);
      return [
        async () => ({ data: await api.get("me").json() }),
        async () => ({ data: await api.post("echo", { json: { a: 1 } }).json() }),
      ];
    },
    async "openapi-fetch"(connection) {
      const api = (await load("clients.js")).openapiOf(connection);
      return [() => api.GET("/me"), () => api.POST("/echo", { body: { a: 1 } })];
    },
  };

  for (const [name, open] of Object.entries(libraries)) {
    test(`asks with the token, and makes one refresh for a storm of 401, of calls with bodies too: ${name}`, async () => {
      const { connection, token } = await signedIn();
      const calls = await open(connection);
      const askAll = async () => {
        const answers = await Promise.all(Array.from({ length: STORM }, (_, index) => calls[index % 2]()));
        for (const [index, { data }] of answers.entries()) {
          const { username, length, content_type } = data;
          assert.deepEqual(username ? { username } : { length, content_type }, expected[index % 2]);
        }
      };
      await askAll();
      assert.equal(refreshes(), 0);
      await front.revoke(token);
      await askAll();
      assert.equal(refreshes(), 1);
    });
  }

  test("that is urql does the same with a query and a mutation", async () => {
    const { connection, token } = await signedIn();
    const graph = (await load("graph.js")).graphOf(connection);
    await front.revoke(token);
    const answers = await Promise.all([graph.query("query { user }", {}), graph.mutation("mutation { user }", {})]);
    assert.deepEqual(
      answers.map(({ data }) => data),
      [{ user: "alice" }, { user: "alice" }],
    );
    assert.deepEqual(front.heard.sort(), [
      ["alice", "mutation"],
      ["alice", "query"],
    ]);
    assert.equal(refreshes(), 1);
  });

  test("that is axios rejects with the session's error, or with it as the cause", async () => {
    const { connection } = await signedIn();
    const http = (await load("http.js")).httpOf(connection);
    const intercepted = (await load("intercepted.js")).interceptedHttp(connection, `${front.url}/api/demo`);
    await connection.signout();
    const error = await rejection(http.get("me"));
    assert.equal(error.name, "MeshyError");
    assert.deepEqual([error.cause.code, error.cause.retryable], ["session_ended", false]);
    assert.equal((await rejection(intercepted.get("me"))).code, "session_ended");
  });

  test("that is axios sends the token to no other origin", async (t) => {
    const heard = [];
    const other = createServer((request, response) => {
      heard.push(request.headers.authorization);
      response.end();
    });
    t.after(() => close(other));
    const elsewhere = `http://127.0.0.1:${await listen(other, 0)}/me`;
    const { connection } = await signedIn();
    const http = (await load("http.js")).httpOf(connection);
    const intercepted = (await load("intercepted.js")).interceptedHttp(connection, `${front.url}/api/demo`);
    assert.equal((await rejection(http.get(elsewhere))).cause.argument, "input");
    assert.equal((await rejection(intercepted.get(elsewhere))).response.status, 404);
    assert.deepEqual(heard, []);
  });
});

describe("a connection that stays", { timeout: 60_000 }, () => {
  test("is a WebSocket that opens again with a new token, after it has expired and after it was refused, until the end", async (t) => {
    const { connection, token } = await signedIn();
    const { follow } = await load("follow.js");
    const heard = [];
    await front.revoke(token);
    await follow(connection, front.url.replace("http", "ws"), (text) => heard.push(text));
    await eventually(() => heard.length === 1);
    assert.deepEqual(front.heard.splice(0), [
      [undefined, "socket"],
      ["alice", "socket"],
    ]);
    assert.equal(refreshes(), 1);

    passAMinute(t);
    for (const socket of front.sockets) socket.close(1001);
    await eventually(() => heard.length === 2);
    assert.deepEqual(front.heard, [["alice", "socket"]]);
    assert.equal(refreshes(), 2);

    await connection.signout();
    await eventually(() => front.sockets.size === 0);
    assert.deepEqual(heard, ["alice", "alice"]);
  });

  test("is an EventSource that opens again with a new token, after it has expired and after it was refused, until the end", async (t) => {
    const { connection, token } = await signedIn();
    const { listen: follow } = await load("listen.js");
    const heard = [];
    await front.revoke(token);
    const source = follow(connection, `${front.url}/api/demo/events`, (text) => heard.push(text));
    t.after(() => source.close());
    await eventually(() => heard.length === 1);
    assert.equal(refreshes(), 1);

    passAMinute(t);
    for (const stream of front.streams) stream.end();
    await eventually(() => heard.length === 2);
    assert.deepEqual(front.heard, [
      ["alice", undefined],
      ["alice", "1"],
    ]);
    assert.equal(refreshes(), 2);

    for (const stream of front.streams) stream.destroy();
    await eventually(() => heard.length === 3);
    await connection.signout();
    assert.equal(source.readyState, source.CLOSED);
    assert.deepEqual(heard, ["alice", "alice", "alice"]);
  });

  test("is an EventSource that a server closes by any status but 200", async () => {
    const { connection } = await signedIn();
    const { listen: follow } = await load("listen.js");
    front.isDown = true;
    const source = follow(connection, `${front.url}/api/demo/events`, () => {});
    await eventually(() => source.readyState === source.CLOSED);
  });
});

test("a client with a secret sends it to the authorization server alone", async (t) => {
  const secret = "s:%ecret";
  const server = await startAuthorizationServer({
    accounts: [{ name: "demo", publicKey: "demo-public-key", tenants: ["default"], secret }],
    users: [{ account: "demo", tenant: "default", username: "alice", password: "wonderland" }],
  });
  t.after(() => server.close());
  process.env.CLIENT_SECRET = secret;
  const { client } = await (await loaderOf("confidential", server.url))("confidential.js");
  const connection = await client.login("alice", "wonderland");
  const rejected = await connection.getAccessToken();
  assert.notEqual(await connection.getAccessToken({ rejected }), rejected);
  assert.equal((await (await connection.fetch("me")).json()).username, "alice");
  await connection.signout();
  assert.deepEqual(
    server.requests.map(({ path, status }) => [path.split("/").at(-1), status]),
    [
      ["token", 200],
      ["token", 200],
      ["me", 200],
      ["revocation", 200],
    ],
  );
});

describe("the command-line tool", () => {
  const tool = (home, cwd, more) => {
    const env = {
      HOME: home,
      USERPROFILE: home,
      TOOL_USER: "alice",
      TOOL_PASSWORD: "wonderland",
      NODE_TEST_CONTEXT: "",
    };
    return run(process.execPath, [join(home, "../recipes/tool.js")], {
      cwd,
      env: { ...env, ...more },
      timeout: 90_000,
    });
  };
  const alice = { code: 0, stdout: "alice\n", stderr: "" };

  test("makes one login, however many of it run at once and wherever", async () => {
    const home = await project("home", {});
    const answers = await Promise.all([home, join(home, ".."), home].map((cwd) => tool(home, cwd)));
    answers.push(await tool(home, join(home, "../..")));
    assert.deepEqual(answers, [alice, alice, alice, alice]);
    assert.deepEqual(front.grants(), ["password"]);
  });

  test("says what has failed", async () => {
    const wrong = await tool(await project("nobody", {}), import.meta.dirname, { TOOL_PASSWORD: "mistyped" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^invalid_grant: .*\n$/);
  });

  test("says that it is not logged in for good, if its folder has gone since it asked", async () => {
    const home = await project("lost", {});
    front.onGrant = () => {
      rmSync(join(home, ".my-tool"), { recursive: true });
      writeFileSync(join(home, ".my-tool"), "");
    };
    const stderr = "The session cannot be kept: the next run logs in again.\n";
    assert.deepEqual(await tool(home, home), { ...alice, stderr });
    const { code, stderr: why } = await tool(home, home);
    assert.equal(code, 1);
    assert.match(why, /^invalid_argument: .*\n$/);
  });
});

describe("an API of one's own", () => {
  test("asks the authorization server whose token it has, and answers 503 while that cannot be told", async (t) => {
    const server = await startAuthorizationServer();
    t.after(() => server.close());
    const { api } = await (await loaderOf("api", server.url))("api.js");
    const url = `http://127.0.0.1:${await listen(api, 0)}`;
    t.after(() => close(api));
    const ask = async (token) => {
      const response = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });
      return [response.status, await response.text()];
    };
    const grant = {
      grant_type: "password",
      username: "alice",
      password: "wonderland",
      scope: "meshy.api offline_access",
    };
    const body = new URLSearchParams({ client_id: "demo-public-key", ...grant });
    const answer = await fetch(`${server.url}/demo/connect/token`, { method: "POST", body });
    const { access_token, refresh_token } = await answer.json();
    assert.deepEqual(await ask(access_token), [200, "Hello, alice"]);
    for (const wrong of [undefined, "unknown", refresh_token]) assert.deepEqual(await ask(wrong), [401, ""]);
    await server.close();
    assert.deepEqual(await ask(access_token), [503, ""]);
  });

  test("verifies a token by its signature, issuer, audience, type and time, and says if it has no keys", async (t) => {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256" };
    let status = 500;
    const keys = createServer((_request, response) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ keys: [jwk] }));
    });
    t.after(() => close(keys));
    const issuer = `http://127.0.0.1:${await listen(keys, 0)}`;
    const { verify } = await (await loaderOf("verify", START, { issuer }))("verify.js");
    const sign = ({ typ = "at+jwt", iss = issuer, aud = "my-api", exp = "1m", key = privateKey }) =>
      new SignJWT({ sub: "alice" })
        .setProtectedHeader({ alg: "RS256", kid: "one", typ })
        .setIssuer(iss)
        .setAudience(aud)
        .setExpirationTime(exp)
        .sign(key);
    const good = await sign({});
    await assert.rejects(verify(good), { code: "ERR_JOSE_GENERIC" });
    status = 200;
    assert.equal((await verify(good)).sub, "alice");
    const { privateKey: another } = await generateKeyPair("RS256");
    for (const wrong of [{ typ: "JWT" }, { iss: "x" }, { aud: "x" }, { exp: "-1m" }, { key: another }]) {
      assert.equal(await verify(await sign(wrong)), null, JSON.stringify(wrong));
    }
    for (const wrong of ["opaque", `${good.slice(0, -4)}AAAA`]) assert.equal(await verify(wrong), null);
  });
});

/** What sockets bring about takes as long as it takes. */
async function eventually(holds) {
  while (!holds()) await pass(5);
}
