import { readFile, realpath } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { close, listen, report, sendJson } from "../../dev/http.mjs";

const contentTypes = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
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

/** Serves `root` at `/`, the built package at `/pkg/` and `config` at `/config.json`, on 127.0.0.1. */
export async function startPageServer({ port = 0, root, packageRoot, config }) {
  const server = createServer(async (request, response) => {
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    try {
      await answer(request, response, { root, packageRoot, config });
    } catch (error) {
      report(error);
      response.destroy();
    }
  });
  const boundPort = await listen(server, port, "PORT");
  return { url: `http://127.0.0.1:${boundPort}`, port: boundPort, close: () => close(server) };
}

async function answer(request, response, { root, packageRoot, config }) {
  if (!["GET", "HEAD"].includes(request.method)) {
    return sendJson(response, 405, { error: "method_not_allowed" }, { Allow: "GET, HEAD" });
  }
  const path = request.url.split("?", 1)[0];
  if (path === "/config.json") return sendJson(response, 200, config);

  const file = path.startsWith("/pkg/")
    ? await findFile(packageRoot, path.slice("/pkg".length))
    : await findFile(root, path === "/" ? "/index.html" : path);
  if (!file) return sendJson(response, 404, { error: "not_found" });

  response.writeHead(200, { "Content-Type": contentTypes[extname(file)], "Cache-Control": "no-store" });
  response.end(await readFile(file));
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
