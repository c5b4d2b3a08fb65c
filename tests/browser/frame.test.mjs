import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { close, listen } from "../../dev/http.mjs";
import { inEachBrowser, newContext, newTab, until } from "../shared/browsers.mjs";
import { newAuthorizationServer } from "./servers.mjs";

const page = `<!doctype html><html lang="en"><title>test</title><link rel="icon" href="data:,">
  <script>onmessage = ({ data }) => { window.seen = data; };</script>
  <iframe sandbox="allow-scripts"></iframe>
  <script>document.querySelector("iframe").src = "/frame" + location.search;</script>`;

const frame = `<!doctype html><html lang="en"><title>frame</title><script type="module">
  const seen = {};
  try {
    seen.blocked = String(window.localStorage);
  } catch ({ name }) {
    seen.blocked = name;
  }
  try {
    const { initialize } = await import("/pkg/index.js");
    const options = { authUrl: location.search.slice(1), persistence: "local" };
    const client = await initialize("demo", "demo-public-key", options);
    seen.restored = await client.restore();
    const connection = await client.login("alice", "wonderland");
    const first = await connection.getAccessToken();
    seen.isRefreshed = first !== (await connection.getAccessToken({ rejected: first }));
    seen.storage = client.getSnapshot().storage;
  } catch (error) {
    seen.error = String(error);
  }
  parent.postMessage(seen, "*");
</script>`;

let site;
before(async () => {
  const html = { "Content-Type": "text/html; charset=utf-8" };
  const script = { "Content-Type": "text/javascript; charset=utf-8", "Access-Control-Allow-Origin": "*" };
  const source = await readFile(new URL("../../pkg/index.js", import.meta.url));
  const files = { "/": [html, page], "/frame": [html, frame], "/pkg/index.js": [script, source] };
  const server = createServer(({ url }, response) => {
    const [headers, body] = files[url.split("?", 1)[0]] ?? [{}, ""];
    response.writeHead(body ? 200 : 404, headers).end(body);
  });
  site = { url: `http://127.0.0.1:${await listen(server, 0)}`, close: () => close(server) };
});
after(() => site.close());

inEachBrowser((browser) => {
  test("in a frame without an origin the session lives in memory", async (t) => {
    const server = await newAuthorizationServer(t);
    const context = await newContext(t, browser());
    const { page, problems } = await newTab(context, `${site.url}/?${server.url}`);
    await until(page, () => window.seen);
    const seen = await page.evaluate(() => window.seen);
    assert.deepEqual(seen, { blocked: "SecurityError", restored: null, isRefreshed: true, storage: "none" });
    assert.deepEqual(problems, []);
  });
});
