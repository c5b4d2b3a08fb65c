import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { exit, Failure } from "./output.mjs";

const { stdin, stderr } = process;

/** From the terminal, which does not show it, or all of standard input. */
export async function readPassword() {
  const password = stdin.isTTY ? await ask("Password: ") : (await text(stdin)).replace(/\r?\n$/, "");
  if (password === "") throw new Failure("the password is empty", exit.usage);
  return password;
}

async function ask(prompt) {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(prompt);
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
    stderr.write("\n");
  }
  throw new Failure("cancelled", 130);
}
