import assert from "node:assert/strict";
import { test } from "node:test";
import { entryUrl } from "../shared/client.mjs";
import { runModule } from "../shared/processes.mjs";

const source = `
  import { text } from "node:stream/consumers";
  import { getHeapSnapshot } from "node:v8";
  import { initialize } from ${JSON.stringify(entryUrl)};

  const password = (which) => ["pass", which, "word", 7 * 6].join("-");
  const tokens = { access_token: "at", token_type: "Bearer", expires_in: 3600, refresh_token: "rt" };
  const headers = { "content-type": "application/json" };
  let sent = 0;
  async function fetch(_url, { body }) {
    if (body.includes(password("dropped"))) sent += 1;
    return new Response(JSON.stringify(tokens), { headers });
  }
  const client = await initialize("demo", "demo-key", { fetch });
  const { signal } = new AbortController();
  const logIn = () => client.login("alice", password("dropped"), { signal });
  const connection = await logIn();
  globalThis.held = [client, connection, signal, password("held")];
  for (let turn = 0; turn < 3; turn += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const heap = await text(getHeapSnapshot());
  const isThere = (which) => heap.includes(password(which));
  console.log(JSON.stringify({ sent, held: isThere("held"), dropped: isThere("dropped") }));
`;

test("a password is on the heap no more when its login has been answered", async () => {
  const { code, stdout, stderr } = await runModule(source, { flags: ["--expose-gc"], timeout: 120_000 });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(JSON.parse(stdout), { sent: 1, held: true, dropped: false });
});
