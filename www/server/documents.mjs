import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { Marked } from "marked";
import { escaped } from "../../dev/html.mjs";

const index = "docs/README.md";

/** The document at a path of the site as a page of it, or undefined where there is none. `root` is the repository's. */
export async function renderDocument(root, path) {
  const documents = await readDocuments(root);
  const current = documents.find((document) => document.path === path);
  return current && page(documents, current);
}

/** The index, the README, and what the index lists: with its text, its title and its path on the site. */
async function readDocuments(root) {
  const read = async (file) => {
    const markdown = await readFile(join(root, file), "utf8");
    const [, title] = /^# (.*)$/m.exec(markdown);
    return { file, path: pathOf(file), title, markdown };
  };
  const first = await read(index);
  const listed = [...first.markdown.matchAll(/^\| \[.*?\]\((.*?\.md)\)/gm)].map(([, link]) => resolve(index, link));
  return [first, ...(await Promise.all(["README.md", ...listed].map(read)))];
}

function pathOf(file) {
  if (file === index) return "/docs";
  const name = /^(?:docs\/)?(.*?)(?:\/README)?\.md$/.exec(file)[1];
  return `/docs/${name.toLowerCase()}`;
}

function resolve(file, link) {
  return posix.join(dirname(file), link);
}

function page(documents, current) {
  const { html, chapters } = render(documents, current);
  const entries = documents.map((document) => entry(document, document === current ? chapters : undefined));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(current.title)} · meshydb-client</title>
    <link rel="icon" href="/icon.svg">
    <link rel="stylesheet" href="/style.css">
    <link rel="stylesheet" href="/document.css">
  </head>
  <body class="documents">
    <a class="skip" href="#document">Skip to the document</a>
    <header class="masthead">
      <p class="name"><a href="/">meshydb-client</a></p>
      <nav aria-label="Site">
        <a href="/">Demo</a>
        <a href="/docs/guide"${mark(current.path === "/docs/guide")}>Guide</a>
        <a href="/docs"${mark(current.path !== "/docs/guide")}>Documents</a>
      </nav>
    </header>
    <div class="shelf">
      <nav class="contents" aria-label="Documents"><ul>${entries.join("")}</ul></nav>
      <main id="document" class="document">${html}</main>
    </div>
  </body>
</html>
`;
}

function entry({ path, title }, chapters) {
  const inner = (chapters ?? []).map(({ id, text }) => `<li><a href="#${id}">${text}</a></li>`);
  const list = inner.length > 0 ? `<ul>${inner.join("")}</ul>` : "";
  return `<li><a href="${path}"${mark(chapters)}>${escaped(title)}</a>${list}</li>`;
}

function mark(isCurrent) {
  return isCurrent ? ' aria-current="page"' : "";
}

function render(documents, { file, markdown }) {
  const chapters = [];
  const anchors = new Map();
  const renderer = {
    heading({ tokens, depth, text }) {
      const name = anchor(text);
      const before = anchors.get(name) ?? 0;
      const id = before === 0 ? name : `${name}-${before}`;
      anchors.set(name, before + 1);
      const words = this.parser.parseInline(tokens);
      if (depth === 1) return `<h1 id="${id}">${words}</h1>\n`;
      if (depth === 2) chapters.push({ id, text: words });
      return `<h${depth} id="${id}">${words} <a class="anchor" href="#${id}" aria-label="Link to this heading">#</a></h${depth}>\n`;
    },
    link({ href, tokens }) {
      const words = this.parser.parseInline(tokens);
      const target = targetOf(documents, file, href);
      return target ? `<a href="${escaped(target)}">${words}</a>` : words;
    },
    image({ href, text }) {
      return `<img src="/${escaped(resolve(file, href))}" alt="${escaped(text)}">`;
    },
  };
  const html = new Marked({ renderer })
    .parse(markdown)
    .replaceAll(/<thead>\s*<tr>(\s*<th[^>]*><\/th>)+\s*<\/tr>\s*<\/thead>/g, "")
    .replaceAll("<table>", '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
  return { html, chapters };
}

/** Where a link of a document leads on the site; nowhere if it is to a file that the site has not. */
function targetOf(documents, file, href) {
  if (/^https?:/.test(href) || href.startsWith("#")) return href;
  const [link, fragment] = href.split("#");
  const found = documents.find((document) => document.file === resolve(file, link));
  return found && found.path + (fragment ? `#${fragment}` : "");
}

/** As the code host makes them, which is what links in the documents name. */
function anchor(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
