import { filesIn, layOutProjects } from "../shared/projects.mjs";

/** The files of docs/recipes.md. */
export const files = Object.assign({}, ...Object.values(filesIn("docs/recipes.md")));
let layingOut;

/** Writes files as an application; resolves to its folder. */
export async function project(name, written) {
  layingOut ??= layOutProjects(import.meta.dirname, "module");
  return (await layingOut)(name, written);
}

/** The same with the document's files, where the server of `npm start` is at `url`, and another's keys at `issuer`. */
export function placed(name, url, { issuer = "https://auth.example", more = {} } = {}) {
  const at = (text) => text.replaceAll("http://127.0.0.1:8081", url).replaceAll("https://auth.example", issuer);
  return project(name, {
    ...Object.fromEntries(Object.entries(files).map(([file, text]) => [file, at(text)])),
    ...more,
  });
}
