import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { close, listen } from "../../dev/http.mjs";

/**
 * A development server, and before it an application's own: an API in GraphQL, events and sockets, which asks `introspect` whose
 * tokens it is given. `introspect` is that of docs/recipes.md, and comes later, since it has to know the address.
 */
export async function startFront() {
  const server = await startAuthorizationServer();
  const front = { requests: server.requests, heard: [], sockets: new Set(), streams: new Set(), introspect: undefined };
  const userOf = async (token = "") => (await front.introspect(token))?.sub;

  const resources = {
    async "/api/demo/graphql"(request, response, user) {
      const { query } = JSON.parse(await bodyOf(request));
      front.heard.push([user, query.startsWith("mutation") ? "mutation" : "query"]);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data: { user } }));
    },
    async "/api/demo/events"(request, response, user) {
      if (front.isDown) return response.writeHead(503).end();
      front.heard.push([user, request.headers["last-event-id"]]);
      response.writeHead(200, { "content-type": "text/event-stream" });
      front.streams.add(response);
      response.write(`retry: 1\nid: ${front.heard.length}\ndata: ${user}\n\n`);
    },
  };

  const http = createServer(async (request, response) => {
    try {
      const resource = resources[request.url];
      if (request.url.endsWith("/connect/token")) front.onGrant();
      if (!resource) return await forward(request, response, server.url);
      const user = await userOf(request.headers.authorization?.slice("Bearer ".length));
      if (user) await resource(request, response, user);
      else response.writeHead(401).end();
    } catch {
      response.destroy();
    }
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on("connection", (socket) => {
    front.sockets.add(socket);
    socket.on("close", () => front.sockets.delete(socket));
    socket.on("message", async (text) => {
      const user = await userOf(JSON.parse(text).token);
      front.heard.push([user, "socket"]);
      if (user) socket.send(user);
      else socket.close(4401);
    });
  });

  front.url = `http://127.0.0.1:${await listen(http, 0)}`;
  front.grants = () => server.requests.flatMap(({ grant_type }) => grant_type ?? []);
  front.forget = () => {
    server.requests.length = 0;
    front.onGrant = () => {};
    front.isDown = false;
    front.heard.length = 0;
  };
  /** From now on the API answers 401 to this token, which the client takes for valid. */
  front.revoke = async (token) => {
    const body = new URLSearchParams({ client_id: "demo-public-key", token });
    await fetch(`${server.url}/demo/connect/revocation`, { method: "POST", body });
  };
  front.close = async () => {
    for (const socket of front.sockets) socket.terminate();
    sockets.close();
    await close(http);
    await server.close();
  };
  return front;
}

async function bodyOf(request) {
  return Buffer.concat(await request.toArray());
}

async function forward(request, response, origin) {
  const { method, url, headers } = request;
  const body = await bodyOf(request);
  const { host: _host, connection: _connection, "content-length": _length, ...passed } = headers;
  const answer = await fetch(origin + url, { method, headers: passed, body: body.length ? body : undefined });
  const told = [...answer.headers].filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/.test(name));
  response.writeHead(answer.status, Object.fromEntries(told)).end(Buffer.from(await answer.arrayBuffer()));
}
