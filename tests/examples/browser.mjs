import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { submit } from "../shared/tab.mjs";

/** What `xdg-open` is to be found as: a browser whose user signs in as alice, and answers what the environment says. */
export function browserIn(folder) {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const script = `#!${process.execPath}\nimport(${JSON.stringify(import.meta.url)}).then(({ signIn }) => signIn(process.argv[2]));\n`;
  writeFileSync(join(bin, "xdg-open"), script, { mode: 0o755 });
  return `${bin}:${process.env.PATH}`;
}

/** Answers on the pages of the development server, and goes back to the program. */
export async function signIn(url) {
  const { origin } = new URL(new URL(url).searchParams.get("redirect_uri"));
  const cookies = new Map();
  const page = await submit(url, {}, cookies, origin);
  const answer = { username: "alice", answer: process.env.ANSWER ?? "allow" };
  const { url: callback } = await submit(page.url, answer, cookies, origin);
  await fetch(callback);
}

/** Answers at the pages of a server whose user is signed in, for a device. */
export async function confirmDevice(url, userCode) {
  const cookies = new Map();
  const { url: form, fields } = await submit(url, {}, cookies);
  const confirmation = await submit(form, { ...fields, user_code: userCode }, cookies);
  await submit(confirmation.url, { ...confirmation.fields, confirm: "yes" }, cookies);
}
