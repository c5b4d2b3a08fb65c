import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { grant, head, reply, startRecorder } from "../shared/recorder.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { until } from "../shared/waiting.mjs";
import { closed, keepsSession, rejects, server, signedIn, start, tire } from "./setup.mjs";

describe("an answer that does not come", () => {
  const faults = [
    ["a server that says nothing", () => {}, "timeout"],
    [
      "a body that stops",
      (socket) => socket.write(`${head(200, { "Content-Type": "application/json" })}{"a`),
      "timeout",
    ],
    ["a reset", (socket) => socket.resetAndDestroy(), "network"],
    ["a connection that closes", (socket) => socket.end(), "network"],
    [
      "a body that is cut",
      (socket) => socket.end(`${head(200, { "Content-Type": "application/json", "Content-Length": 500 })}{"a`),
      "network",
    ],
    ["what is no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "network"],
  ];
  for (const [what, misbehave, code] of faults) {
    test(`${what} is ${code}, and the session goes on`, async () => {
      const closing = [];
      const fault = (_request, socket) => {
        closing.push(closed(socket));
        misbehave(socket);
      };
      const persistence = new MemoryStore();
      const timeout = code === "timeout" ? 1_000 : 10_000;
      const client = await start({ persistence, timeout, reuseWindow: 0 });
      server.answer = fault;
      await rejects(client.login("u", "p"), { code, retryable: true, status: undefined });
      await until(() => closing.length === 1);
      server.answer = (_request, socket) => grant(socket);
      const connection = await client.login("u", "p");
      tire(persistence);
      server.answer = fault;
      await keepsSession(connection, { code, retryable: true });
      // Nothing stays open towards a server that never answers.
      assert.ok(closing.length >= 2);
      await Promise.all(closing);
    });
  }

  test("a server that is not there is network", async () => {
    const gone = await startRecorder();
    await gone.close();
    await rejects(start({ authUrl: gone.url }).login("u", "p"), { code: "network", retryable: true });
  });

  for (const [what, isThere, sends, reason] of [
    ["no server is not counted", false, undefined, "invalid_grant"],
    ["a server that breaks off is counted", true, 1, "response_lost"],
  ]) {
    test(`a refresh to ${what} as one whose answer may be lost`, async () => {
      const gone = await startRecorder();
      await gone.close();
      let url = isThere ? undefined : gone.url;
      const own = (to, init) => fetch(url ? to.replace(server.url, url) : to, init);
      const { connection, persistence } = await signedIn({ fetch: own, isTired: true, isOld: true, reuseWindow: 0 });
      server.answer = (_request, socket) => socket.resetAndDestroy();
      await rejects(connection.getAccessToken(), { code: "network", retryable: true });
      assert.equal(persistence.record.sends, sends);
      assert.equal(server.requests.length, isThere ? 1 : 0);

      url = undefined;
      const { values, key, record } = persistence;
      values.set(key, JSON.stringify({ ...record, cooldown_since: 1 }));
      const restored = await start({ persistence }).restore();
      server.answer = (_request, socket) => reply(socket, 400, { error: "invalid_grant" });
      await rejects(restored.getAccessToken(), { code: "session_ended", reason });
    });
  }

  test("a server that cannot do TLS is network, and is shown no secret", async (t) => {
    let received = "";
    const plain = createServer((socket) => {
      socket
        .on("error", () => {})
        .on("data", (chunk) => {
          received += chunk.toString("latin1");
          socket.end(head(400, {}));
        });
    });
    await once(plain.listen(0, "127.0.0.1"), "listening");
    t.after(() => plain.close());
    const authUrl = `https://127.0.0.1:${plain.address().port}`;
    await rejects(start({ authUrl }).login("alice", "wonderland"), { code: "network", retryable: true });
    assert.ok(received.length > 0);
    assert.doesNotMatch(received, /alice|wonderland/);
  });

  test("a body without end is given up after 64 KiB, and the connection closed", async () => {
    const closing = [];
    const endless = (_request, socket) => {
      closing.push(closed(socket));
      socket.write(head(200, { "Content-Type": "application/json", Connection: "close" }));
      const more = () => {
        while (!socket.destroyed && socket.write(" ".repeat(16_384)));
        socket.once("drain", more);
      };
      more();
    };
    const persistence = new MemoryStore();
    const client = await start({ persistence, reuseWindow: 0 });
    server.answer = endless;
    await rejects(client.login("u", "p"), { code: "invalid_response", status: 200 });
    server.answer = (_request, socket) => grant(socket);
    const connection = await client.login("u", "p");
    tire(persistence);
    server.answer = endless;
    await keepsSession(connection, { code: "invalid_response" });
    assert.ok(closing.length >= 2);
    await Promise.all(closing);
  });

  test("of a body without end 64 KiB and one chunk are read, and the rest is cancelled", async () => {
    const chunk = new Uint8Array(1_024).fill(32);
    let pulled = 0;
    let cancelled = 0;
    const endless = async () => {
      const body = new ReadableStream(
        {
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(chunk);
          },
          cancel: () => {
            cancelled += 1;
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { "Content-Type": "application/json" } });
    };
    await rejects(start({ fetch: endless }).login("u", "p"), { code: "invalid_response" });
    assert.equal(pulled, 65);
    assert.equal(cancelled, 1);
  });

  test("a revocation may fail in any way: sign-out resolves", async () => {
    for (const misbehave of [
      ...faults.map(([, fault]) => fault),
      (socket) => reply(socket, 503),
      (socket) => reply(socket, 400, { error: "invalid_request" }),
    ]) {
      const connection = await start({ timeout: 500 }).login("u", "p");
      server.answer = (_request, socket) => misbehave(socket);
      assert.equal(await connection.signout(), undefined);
      assert.equal(server.requests.at(-1).path, "/demo/connect/revocation");
      server.answer = (_request, socket) => grant(socket);
    }
  });
});
