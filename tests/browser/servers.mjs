import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { startAuthorizationServer } from "../../www/server/authorization-server.mjs";
import { close, listen } from "../../www/server/http.mjs";

const packageFile = new URL("../../pkg/index.js", import.meta.url);
const html = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"></head>
  <body><script type="module" src="/page.js"></script></body>
</html>`;

/**
 * A page at `/` that loads `scripts["/page.js"]` as a module, the other scripts, and the package at `/pkg/index.js`.
 * The page and its workers are under `policy`.
 */
export async function startSite(scripts, policy) {
  const bodies = { "/": html, "/pkg/index.js": await readFile(packageFile), ...scripts };
  const server = createServer((request, response) => {
    const path = request.url.split("?", 1)[0];
    response.writeHead(path in bodies ? 200 : 404, {
      "Content-Type": `${path === "/" ? "text/html" : "text/javascript"}; charset=utf-8`,
      "Content-Security-Policy": policy,
      "Cache-Control": "no-store",
    });
    response.end(bodies[path]);
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) };
}

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
 * Stands before a server. Once `hold` was called, it keeps the next token request for ever, as a server does that is not
 * heard of any more: resolves when that request is here. Every other request goes on to the server.
 */
export async function startGate(t, { url }) {
  let caught;
  const gate = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    if (caught && request.method === "POST" && request.url.endsWith("/connect/token")) {
      caught();
      caught = undefined;
      return;
    }
    const { method, headers } = request;
    const hasBody = body.length > 0;
    const answer = await fetch(url + request.url, { method, headers, body: hasBody ? body : undefined });
    const passedOn = [...answer.headers].filter(([name]) => !["connection", "transfer-encoding"].includes(name));
    response.writeHead(answer.status, Object.fromEntries(passedOn));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  const port = await listen(gate, 0);
  t.after(() => close(gate));
  const hold = () =>
    new Promise((resolve) => {
      caught = resolve;
    });
  return { url: `http://127.0.0.1:${port}`, hold };
}
