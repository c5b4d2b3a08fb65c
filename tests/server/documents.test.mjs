import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { startDemo } from "../../www/server/demo.mjs";

const start = ["/", "/docs"];
let demo;
let pages;
before(async () => {
  demo = await startDemo();
  pages = await crawl(start);
});
after(() => demo.close());

test("every document is on the site", () => {
  const files = readdirSync(new URL("../../docs", import.meta.url)).filter((name) => name.endsWith(".md"));
  const named = files.filter((name) => name !== "README.md").map((name) => `/docs/${name.slice(0, -".md".length)}`);
  for (const path of ["/docs", "/docs/readme", "/docs/security", "/docs/changelog", "/docs/contributing", ...named]) {
    assert.match(pages.get(path)?.html ?? "", /<h1 id=/, path);
  }
});

test("every link of every page leads somewhere, and names a place that is there", () => {
  let links = 0;
  for (const [path, { html }] of pages) {
    for (const link of linksIn(html)) {
      const { pathname, hash } = new URL(link, new URL(path, demo.url));
      assert.equal(pages.get(pathname)?.status, 200, `${path}: ${link}`);
      if (hash) assert.ok(idsIn(pages.get(pathname).html).includes(hash.slice(1)), `${path}: ${link}`);
      links += 1;
    }
  }
  assert.ok(links > 300, `${links} links`);
});

test("no page has one id twice, or a link into the repository", () => {
  for (const [path, { html }] of pages) {
    const ids = idsIn(html);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
      path,
    );
    assert.doesNotMatch(html, /href="(?!https?:)[^"#]*\.(md|rs|mjs|ts)\b/, path);
  }
});

test("a table without heads has none, and each can be scrolled to by keyboard", () => {
  const { html } = pages.get("/docs");
  assert.doesNotMatch(html, /<th/);
  assert.match(html, /<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>/);
});

/** What is found by following every link of this site: its status, and its text if it is a page. */
async function crawl(paths) {
  const found = new Map();
  const left = [...paths];
  while (left.length > 0) {
    const path = left.pop();
    if (found.has(path)) continue;
    const response = await fetch(new URL(path, demo.url));
    const isPage = response.headers.get("content-type").startsWith("text/html");
    const html = isPage ? await response.text() : "";
    found.set(path, { status: response.status, html });
    left.push(...linksIn(html).map((link) => new URL(link, new URL(path, demo.url)).pathname));
  }
  return found;
}

function linksIn(html) {
  const links = [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link]) => link.replaceAll("&amp;", "&"));
  return links.filter((link) => !/^(?:https?|data|mailto):/.test(link));
}

function idsIn(html) {
  return [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
}
