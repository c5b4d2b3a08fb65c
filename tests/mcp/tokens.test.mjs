import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { authorizedFetch, authProvider } from "../../pkg/mcp.js";
import { rejects, server, start } from "../shared/client.mjs";
import { settled } from "../shared/waiting.mjs";

const sent = () => server.count("refresh_token");
const signedIn = () => start({ allowedOrigins: ["https://mcp.example"] }).login("alice", "pw");

describe("the provider of a transport's tokens", () => {
  test("gives the token in hand, and asks for none while that is fresh", async () => {
    const connection = await signedIn();
    const provider = authProvider(connection);
    for (let call = 0; call < 5; call += 1) assert.equal(await provider.token(), await connection.getAccessToken());
    await settled();
    assert.equal(sent(), 0);
  });

  test("has one refresh for a token that two requests were refused with, at once", async () => {
    const provider = authProvider(await signedIn());
    const [first] = await Promise.all([provider.token(), provider.token()]);
    await Promise.all([provider.onUnauthorized(), provider.onUnauthorized()]);
    const again = await Promise.all([provider.token(), provider.token()]);
    assert.equal(again[0], again[1]);
    assert.notEqual(again[0], first);
    assert.equal(sent(), 1);
  });

  test("has one refresh where the second is told of after the first has asked again", async () => {
    const provider = authProvider(await signedIn());
    await Promise.all([provider.token(), provider.token()]);
    await provider.onUnauthorized();
    const next = await provider.token();
    await provider.onUnauthorized();
    assert.equal(await provider.token(), next);
    assert.equal(sent(), 1);
  });

  test("has another refresh where the next token is refused, too", async () => {
    const provider = authProvider(await signedIn());
    await provider.token();
    await provider.onUnauthorized();
    const next = await provider.token();
    assert.equal(await provider.token(), next);
    await provider.onUnauthorized();
    assert.notEqual(await provider.token(), next);
    assert.equal(sent(), 2);
  });

  test("rejects with the error of a session that is over", async () => {
    const connection = await signedIn();
    const provider = authProvider(connection);
    await provider.token();
    await connection.signout();
    await rejects(provider.token(), { code: "session_ended", reason: "signed_out" });
    await rejects(provider.onUnauthorized(), { code: "session_ended", reason: "signed_out" });
  });
});

describe("the fetch of a transport", () => {
  const challenged = (challenge) =>
    new Response("no", { status: 403, headers: challenge ? { "www-authenticate": challenge } : {} });

  /** What comes of a call that is answered so. */
  async function asking(answer) {
    const connection = await signedIn();
    server.answer = ({ url }) => (String(url).startsWith("https://mcp.example") ? answer : undefined);
    return authorizedFetch(connection)("https://mcp.example/mcp", { method: "POST", body: "{}" });
  }

  for (const [challenge, scope] of [
    ['Bearer error="insufficient_scope", scope="a b"', "a b"],
    ['Bearer error="insufficient_scope", scope="a\\"b"', undefined],
    ["Bearer error=insufficient_scope", undefined],
  ]) {
    test(`says that more scope is asked for: ${challenge}`, async () => {
      const expected = { code: "refused", error: "insufficient_scope", status: 403, scope, retryable: false };
      await rejects(asking(challenged(challenge)), expected);
    });
  }

  for (const challenge of [undefined, "Basic", 'Bearer error="invalid_token"', 'Bearer error="', "\u00e9"]) {
    test(`hands on any other refusal: ${challenge}`, async () => {
      const response = await asking(challenged(challenge));
      assert.deepEqual([response.status, await response.text()], [403, "no"]);
    });
  }

  test("sends the token to no other origin", async () => {
    const connection = await signedIn();
    await rejects(authorizedFetch(connection)("https://evil.example/mcp"), {
      code: "invalid_argument",
      argument: "input",
    });
  });
});

test("both want a connection", () => {
  for (const use of [authProvider, authorizedFetch]) {
    for (const connection of [undefined, null, {}]) {
      const expected = { name: "MeshyError", code: "invalid_argument", argument: "connection" };
      assert.throws(() => use(connection), expected);
    }
  }
});
