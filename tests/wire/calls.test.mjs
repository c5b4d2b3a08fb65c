import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reply, tokens } from "../shared/recorder.mjs";
import { elsewhere, server, start } from "./setup.mjs";

/** A session of a client whose API is the server, too. */
async function signedIn() {
  server.answer = (_request, socket) => reply(socket, 200, tokens({ expires_in: 3600 }));
  const client = await start({ apiUrl: `${server.url}/api` });
  return client.login("alice", "pw");
}

describe("an authorised call", () => {
  test("carries the token in a header and nowhere else", async () => {
    const connection = await signedIn();
    server.answer = (_request, socket) => reply(socket, 200, { ok: true });
    const token = await connection.getAccessToken();
    const response = await connection.fetch("things?a=b", { method: "POST", body: "body" });
    assert.deepEqual(await response.json(), { ok: true });
    const { method, path, body, header, headers } = server.requests.at(-1);
    assert.deepEqual([method, path, body], ["POST", "/api/demo/things?a=b", "body"]);
    assert.deepEqual(header("authorization"), [`Bearer ${token}`]);
    assert.deepEqual(header("tenant"), []);
    assert.equal(JSON.stringify(headers).split(token).length, 2);
  });

  for (const redirect of [undefined, "follow"]) {
    test(`that is redirected to another origin (${redirect}) does not show it the token`, async () => {
      const connection = await signedIn();
      server.answer = (_request, socket) => reply(socket, 307, "", { Location: `${elsewhere.url}/x` });
      const response = await connection.fetch("things", { redirect });
      assert.equal(response.status, 200);
      assert.equal(elsewhere.requests.length, 1);
      assert.deepEqual(elsewhere.requests[0].header("authorization"), []);
    });
  }

  test("is not redirected where the caller does not want that", async () => {
    const connection = await signedIn();
    server.answer = (_request, socket) => reply(socket, 307, "", { Location: `${elsewhere.url}/x` });
    assert.equal((await connection.fetch("things", { redirect: "manual" })).status, 307);
    await assert.rejects(connection.fetch("things", { redirect: "error" }), TypeError);
    assert.deepEqual(elsewhere.requests, []);
  });
});
