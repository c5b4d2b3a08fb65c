import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { constants, createGzip } from "node:zlib";
import { grant, head } from "../shared/recorder.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { closed, keepsSession, rejects, server, start, tire } from "./setup.mjs";

const LIMIT = 65_536;
const json = { "Content-Type": "application/json", Connection: "close" };
const gzip = { ...json, "Content-Encoding": "gzip" };

/** Writes what `next` gives for as long as it is taken. */
function pump(socket, next) {
  const more = () => {
    while (!socket.destroyed && socket.write(next()));
    socket.once("drain", more);
  };
  more();
}

/** Compresses what `next` gives for as long as it is taken. */
function pumpGzip(socket, next, options) {
  const compressed = createGzip(options);
  compressed.on("error", () => {}).pipe(socket);
  socket.on("close", () => compressed.destroy());
  const more = () => {
    while (!compressed.destroyed && compressed.write(next()));
    compressed.once("drain", more);
  };
  more();
}

/** Writes what `next` gives, one piece after each turn of the loop in which the last one was sent. */
function trickle(socket, next) {
  const more = () => {
    if (!socket.destroyed) socket.write(next(), () => setTimeout(more, 1));
  };
  more();
}

const spaces = (count) => () => Buffer.alloc(count, 32);
const beginning = (first, next) => {
  let begun = false;
  return () => {
    const piece = begun ? next() : first;
    begun = true;
    return piece;
  };
};
const synchronous = { flush: constants.Z_SYNC_FLUSH };
const tokens = Buffer.from('{"access_token":"at","token_type":"Bearer","refresh_token":"rt"}');
const chunk = (bytes) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

const chunked = { ...json, "Transfer-Encoding": "chunked" };

/** The headers of each, and what follows them. */
const answers = {
  "as fast as it is taken": [json, (socket) => pump(socket, spaces(16_384))],
  "of tokens first": [json, (socket) => pump(socket, beginning(tokens, spaces(16_384)))],
  "of chunks": [chunked, (socket) => pump(socket, () => chunk(Buffer.alloc(1_000, 32)))],
  "in one chunk": [chunked, (socket) => pump(socket, beginning("ffffffff\r\n", spaces(16_384)))],
  "of a known length": [{ ...json, "Content-Length": 1e12 }, (socket) => pump(socket, spaces(16_384))],
  "that is slow": [json, (socket) => trickle(socket, spaces(4_096))],
  "in gzip": [gzip, (socket) => pumpGzip(socket, spaces(16_384))],
  "of tokens first, in gzip": [gzip, (socket) => pumpGzip(socket, beginning(tokens, spaces(16_384)), synchronous)],
};

describe("of an answer without end 64 KiB and one chunk are read, and the connection is closed:", () => {
  for (const [status, code] of [
    [200, "invalid_response"],
    [401, "refused"],
  ]) {
    for (const [what, [headers, follow]] of Object.entries(answers)) {
      test(`a ${status} ${what} is ${code}`, async () => {
        const closing = [];
        const reads = [];
        const countingFetch = async (url, init) => {
          const response = await fetch(url, init);
          const chunks = [];
          reads.push(chunks);
          return counted(response, chunks);
        };
        const fault = (_request, socket) => {
          closing.push(closed(socket));
          socket.write(head(status, headers));
          follow(socket);
        };
        const persistence = new MemoryStore();
        const client = await start({ persistence, fetch: countingFetch, reuseWindow: 0 });
        server.answer = fault;
        await rejects(client.login("u", "p"), { code, status });
        server.answer = (_request, socket) => grant(socket);
        const connection = await client.login("u", "p");
        tire(persistence);
        server.answer = fault;
        await keepsSession(connection, { code, status });
        assert.ok(closing.length >= 2);
        await Promise.all(closing);
        const endlessReads = reads.filter((chunks) => total(chunks) > 1_000);
        assert.equal(endlessReads.length, closing.length);
        for (const chunks of endlessReads) {
          assert.ok(total(chunks) > LIMIT, `${total(chunks)} bytes`);
          assert.ok(total(chunks.slice(0, -1)) <= LIMIT, `${total(chunks)} bytes in ${chunks.length} chunks`);
        }
      });
    }
  }

  test("one that is too slow for its timeout is timeout, however little of it has come", async () => {
    const closing = [];
    const client = await start({ timeout: 2_000, reuseWindow: 0 });
    const connection = await client.login("u", "p");
    server.answer = (_request, socket) => {
      closing.push(closed(socket));
      socket.write(head(200, json));
      trickle(socket, spaces(1));
    };
    await keepsSession(connection, { code: "timeout", status: undefined, retryable: true });
    await Promise.all(closing);
  });
});

/** The same answer, whose body notes the size of each chunk that is read. */
function counted({ status, headers, body }, chunks) {
  const reader = body.getReader();
  const pull = async (controller) => {
    const { done, value } = await reader.read();
    if (done) return controller.close();
    chunks.push(value.byteLength);
    controller.enqueue(value);
  };
  const noting = new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
  return { status, headers, body: noting };
}

function total(chunks) {
  return chunks.reduce((sum, size) => sum + size, 0);
}
