import { readFile, realpath } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { close, listen, report, sendJson } from "../../dev/http.mjs";
import { renderDocument } from "./documents.mjs";

const contentTypes = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' http://127.0.0.1:* http://localhost:*",
  "style-src 'self'",
  "img-src 'self' data:",
].join("; ");

/**
 * Serves `root` at `/`, the built package at `/pkg/`, with oauth4webapi from `peerRoot`, `config` as a module at `/config.js` and
 * the documents of the repository in `documentRoot` at `/docs`, on 127.0.0.1.
 */
export async function startPageServer({ port = 0, ...content }) {
  const server = createServer(async (request, response) => {
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    try {
      await answer(request, response, content);
    } catch (error) {
      report(error);
      response.destroy();
    }
  });
  const boundPort = await listen(server, port, "PORT");
  return { url: `http://127.0.0.1:${boundPort}`, port: boundPort, close: () => close(server) };
}

async function answer(request, response, { config, ...roots }) {
  if (!["GET", "HEAD"].includes(request.method)) {
    return sendJson(response, 405, { error: "method_not_allowed" }, { Allow: "GET, HEAD" });
  }
  const path = request.url.split("?", 1)[0];
  if (path === "/config.js") return send(response, ".js", `export const config = ${JSON.stringify(config)};\n`);

  const page = /^\/docs(\/[\w-]+)?$/.test(path) && (await renderDocument(roots.documentRoot, path));
  if (page) return send(response, ".html", page);

  const file = await findFile(...whereIs(path, roots));
  if (!file) return sendJson(response, 404, { error: "not_found" });
  send(response, extname(file), await readFile(file));
}

function whereIs(path, { root, packageRoot, peerRoot, documentRoot }) {
  // A page imports nothing by a package's name: it gets the package itself in place of the module that names it.
  if (path === "/pkg/oauth-peer.js") return [peerRoot, "/index.js"];
  if (path.startsWith("/pkg/")) return [packageRoot, path.slice("/pkg".length)];
  if (path.startsWith("/docs/")) return [join(documentRoot, "docs"), path.slice("/docs".length)];
  return [root, path === "/" ? "/index.html" : path];
}

function send(response, extension, body) {
  response.writeHead(200, { "Content-Type": contentTypes[extension], "Cache-Control": "no-store" });
  response.end(body);
}

async function findFile(folder, path) {
  try {
    const inside = (await realpath(folder)) + sep;
    const file = await realpath(join(folder, decodeURIComponent(path)));
    return file.startsWith(inside) && extname(file) in contentTypes ? file : undefined;
  } catch {
    return undefined;
  }
}
