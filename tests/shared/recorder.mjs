import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A server that records what comes in byte by byte, and writes back what it is told to: `answer(request, socket)`.
 * Each request has a connection of its own.
 */
export async function startRecorder(answer = () => {}) {
  const requests = [];
  const sockets = new Set();
  const recorder = { answer, requests, bodies: () => requests.map(({ body }) => body) };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    let received = Buffer.alloc(0);
    const read = (chunk) => {
      received = Buffer.concat([received, chunk]);
      const request = parse(received);
      if (!request) return;
      socket.off("data", read).resume();
      requests.push(request);
      recorder.answer(request, socket);
    };
    socket.on("data", read);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  recorder.url = `http://127.0.0.1:${port}`;
  recorder.close = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return recorder;
}

/** What came in, once it is complete. */
function parse(received) {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [requestLine, ...lines] = received.toString("latin1", 0, end).split("\r\n");
  const headers = lines.map((line) => /^([^:]+): (.*)$/.exec(line).slice(1));
  const header = (name) => headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value);
  const body = received.subarray(end + 4);
  if (body.length < Number(header("content-length")[0] ?? 0)) return undefined;
  const [method, path, version] = requestLine.split(" ");
  return { method, path, version, headers, header, body: body.toString("latin1") };
}

/** Writes a whole answer. `body` is text, bytes, or what is to be JSON. */
export function reply(socket, status, body = "", headers = {}) {
  const bytes =
    typeof body === "string" || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  const all = { "Content-Type": "application/json", "Content-Length": bytes.length, Connection: "close", ...headers };
  socket.write(head(status, all));
  socket.end(bytes);
}

export function head(status, headers) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} Status`, ...lines, "", ""].join("\r\n");
}

let issued = 0;

/** A token response that has expired when it arrives, so that the next call for a token refreshes. */
export function tokens(change = {}) {
  issued += 1;
  const set = { access_token: `at-${issued}`, token_type: "Bearer", expires_in: 0, refresh_token: `rt-${issued}` };
  return { ...set, ...change };
}

export function grant(socket, change) {
  const set = tokens(change);
  reply(socket, 200, set);
  return set;
}
