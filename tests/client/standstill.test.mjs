import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { entryUrl } from "../shared/client.mjs";
import { endWithUs } from "../shared/processes.mjs";
import { faults, TokenServer } from "../shared/token-server.mjs";

/** Milliseconds. Within them a busy machine starts a process, signs it in and stops it. */
const TIMEOUT = 3_000;

const program = (url) => `
  import { initialize } from ${JSON.stringify(entryUrl)};
  let text = null;
  const persistence = {
    read: () => text,
    compareAndSet(_key, expected, next) {
      if (text !== expected) return false;
      text = next;
      return true;
    },
  };
  const options = { tokenEndpoint: ${JSON.stringify(`${url}/token`)}, persistence, timeout: ${TIMEOUT} };
  const client = await initialize("demo", "key", options);
  const connection = await client.login("alice", "pw");
  const rejected = await connection.getAccessToken();
  const isNext = () => connection.getSnapshot().generation === 2;
  const rotated = new Promise((resolve) => connection.subscribe(() => isNext() && resolve()));
  connection.getAccessToken({ rejected }).catch(() => {});
  await rotated;
  console.log(JSON.parse(text).gen);
`;

test("an answer that came while its process stood still is read before its time is over", {
  skip: process.platform === "win32" && "Windows stops no process",
}, async (t) => {
  const server = await new TokenServer().start();
  t.after(() => server.close());
  let answer;
  const answered = new Promise((resolve) => {
    answer = resolve;
  });
  server.faults.push(faults.delayed(answered));
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program(server.url)]);
  endWithUs(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await server.received(1);
  child.kill("SIGSTOP");
  answer();
  // As long as a lid is closed: past the deadline.
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT + 500));
  child.kill("SIGCONT");
  assert.equal((await lines.next()).value, "2");
  assert.equal(server.refreshes.length, 1);
  const [code] = await once(child, "close");
  assert.equal(code, 0);
});
