import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { startPageServer } from "../../www/server/page-server.mjs";

const config = { accountName: "demo" };
let folder;
let server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "page-server-"));
  for (const name of ["www", "pkg", "peer", "docs"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "secret.json"), "{}");
  await writeFile(join(folder, "www", "index.html"), "<!doctype html>");
  await writeFile(join(folder, "www", "main.mjs"), "");
  await writeFile(join(folder, "pkg", "index.js"), "");
  await writeFile(join(folder, "pkg", "core.wasm"), "");
  await writeFile(join(folder, "pkg", "oauth-peer.js"), 'export * from "oauth4webapi";');
  await writeFile(join(folder, "peer", "index.js"), "export const peer = 1;");
  await writeFile(join(folder, "README.md"), "# A package\n");
  await writeFile(join(folder, "docs", "README.md"), "# Documents\n\n| [guide.md](guide.md) | first |\n");
  await writeFile(join(folder, "docs", "guide.md"), "# Guide\n");
  await writeFile(join(folder, "docs", "unlisted.md"), "# Unlisted\n");
  await writeFile(join(folder, "docs", "demo.png"), "");
  await symlink(join(folder, "secret.json"), join(folder, "www", "link.json"));
  server = await startPageServer({
    root: join(folder, "www"),
    packageRoot: join(folder, "pkg"),
    peerRoot: join(folder, "peer"),
    documentRoot: folder,
    config,
  });
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

for (const [path, type] of [
  ["/", "text/html; charset=utf-8"],
  ["/?tenant=acme", "text/html; charset=utf-8"],
  ["/pkg/index.js", "text/javascript; charset=utf-8"],
  ["/pkg/core.wasm", "application/wasm"],
  ["/config.js", "text/javascript; charset=utf-8"],
  ["/docs", "text/html; charset=utf-8"],
  ["/docs/guide", "text/html; charset=utf-8"],
  ["/docs/readme", "text/html; charset=utf-8"],
  ["/docs/demo.png", "image/png"],
]) {
  test(`serves ${path} as ${type}`, async () => {
    const { status, headers } = await get(path);
    assert.equal(status, 200);
    assert.equal(headers["content-type"], type);
    assert.match(headers["content-security-policy"], /script-src 'self' 'wasm-unsafe-eval';/);
  });
}

test("serves what oauth-peer.js is made of in its place, which no page can import by its name", async () => {
  const { headers, body } = await get("/pkg/oauth-peer.js");
  assert.equal(headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal(String(body), "export const peer = 1;");
});

test("serves the configuration as it was given", async () => {
  assert.equal(String((await get("/config.js")).body), 'export const config = {"accountName":"demo"};\n');
});

for (const path of [
  "/../secret.json",
  "/..%2fsecret.json",
  "/%2e%2e/secret.json",
  "/docs/unlisted",
  "/docs/guide.md",
  "/docs/../secret.json",
  "/docs/..%2fsecret.json",
  "/pkg/../../secret.json",
  "/pkg/..%2f..%2fsecret.json",
  "/link.json",
  "/main.mjs",
  "/pkg/",
  "/pkg",
  "/missing.js",
  "/index.html%00.js",
  "/%",
]) {
  test(`does not serve ${path}`, async () => assert.equal((await get(path)).status, 404));
}

test("only reads", async () => assert.equal((await get("/", "POST")).status, 405));

async function get(path, method = "GET") {
  const response = await new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, path, method }, resolve).on("error", reject).end();
  });
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}
