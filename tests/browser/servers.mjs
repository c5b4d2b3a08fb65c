import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { close, listen } from "../../dev/http.mjs";

/** An authorization server for one test, and how many requests of a kind it has got. */
export async function newAuthorizationServer(t) {
  const server = await startAuthorizationServer();
  t.after(() => server.close());
  return {
    url: server.url,
    requests: server.requests,
    count: (endpoint, method = "POST") =>
      server.requests.filter((request) => request.method === method && request.path.endsWith(`/connect/${endpoint}`))
        .length,
  };
}

/**
 * Stands before a server and keeps what its token endpoint was sent and has answered. `hold` catches the next token
 * request, before the server has it ("request") or once the server has answered it ("answer"), and resolves with the
 * function that lets it go on. The answers take `latency` milliseconds. While `isLenient`, a refresh token that was spent gets the answer that it got before.
 */
export async function startGate(t, { url }) {
  let caught;
  const grants = [];
  const gate = { grants, isLenient: false, latency: 0 };
  const pass = async ({ method, headers, url: path }, body) => {
    const answer = await fetch(url + path, { method, headers, body: body.length > 0 ? body : undefined });
    const passedOn = [...answer.headers].filter(([name]) => !["connection", "transfer-encoding"].includes(name));
    return { status: answer.status, headers: Object.fromEntries(passedOn), body: await answer.text() };
  };
  const grant = async (request, body) => {
    const form = Object.fromEntries(new URLSearchParams(body.toString()));
    const before = grants.find(({ form: { refresh_token } }) => refresh_token && refresh_token === form.refresh_token);
    const entry = { form };
    grants.push(entry);
    entry.answer = gate.isLenient && before ? before.answer : pass(request, body);
    const { status, body: text } = await entry.answer;
    Object.assign(entry, { status, issued: status === 200 ? JSON.parse(text) : null });
    return entry.answer;
  };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const isGrant = request.method === "POST" && request.url.endsWith("/connect/token");
    const held = isGrant ? caught : undefined;
    if (held) caught = undefined;
    try {
      if (held?.what === "request") await held.until();
      const answer = await (isGrant ? grant : pass)(request, body);
      if (held?.what === "answer") await held.until();
      if (isGrant) await sleep(gate.latency);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      response.destroy();
    }
  });
  const port = await listen(server, 0);
  t.after(() => close(server));
  gate.url = `http://127.0.0.1:${port}`;
  gate.hold = (what = "request") =>
    new Promise((resolve) => {
      caught = { what, until: () => new Promise((release) => resolve(release)) };
    });
  gate.spent = () => grants.flatMap(({ form }) => form.refresh_token ?? []);
  gate.issued = () => grants.flatMap(({ issued }) => issued ?? []);
  return gate;
}
