import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { close, listen } from "../../dev/http.mjs";

const packageFile = new URL("../../pkg/index.js", import.meta.url);
const html = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"></head>
  <body><script type="module" src="/page.js"></script></body>
</html>`;

/**
 * A page at `/` that loads `scripts["/page.js"]` as a module, the other scripts, also those that are added later, and the
 * package at `/pkg/index.js`.
 * The page and its workers are under `policy`.
 */
export async function startSite(scripts, policy) {
  const fixed = { "/": html, "/pkg/index.js": await readFile(packageFile) };
  const server = createServer((request, response) => {
    const path = request.url.split("?", 1)[0];
    const body = scripts[path] ?? fixed[path];
    response.writeHead(body !== undefined ? 200 : 404, {
      "Content-Type": `${path === "/" ? "text/html" : "text/javascript"}; charset=utf-8`,
      "Content-Security-Policy": policy,
      "Cache-Control": "no-cache",
    });
    response.end(body);
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) };
}
