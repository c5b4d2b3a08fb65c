import assert from "node:assert/strict";
import { test } from "node:test";
import { entryUrl } from "../shared/client.mjs";
import { runModule, watchInstance } from "../shared/processes.mjs";

const source = `
  ${watchInstance}
  const { initialize } = await import(${JSON.stringify(entryUrl)});

  let issued = 0;
  async function fetch() {
    issued += 1;
    const names = { access_token: "canary-access-" + issued, refresh_token: "canary-refresh-" + issued };
    const answer = { ...names, token_type: "Bearer", expires_in: 3600 };
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  }
  /** What of the secrets the module's memory holds. */
  async function found() {
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    const text = Buffer.from(wasm.memory.buffer).toString("latin1");
    return [...new Set(text.match(/canary-[a-z]+(-[0-9])?/g))].sort();
  }

  const seen = {};
  let client = await initialize("demo", "key", { fetch });
  let connection = await client.login("canary-user", "canary-password");
  seen.login = await found();
  await connection.getAccessToken({ rejected: "canary-access-1" });
  seen.refresh = await found();
  await connection.getAccessToken({ rejected: "canary-rejected" });
  seen.rejected = await found();
  await connection.signout();
  client = connection = undefined;
  for (let turns = 0; turns < 20; turns += 1) {
    gc();
    await found();
  }
  seen.end = await found();
  console.log(JSON.stringify(seen));
`;

test("the module's memory holds the tokens in use and no other secret, and nothing after the end", async () => {
  const { code, stdout, stderr } = await runModule(source, { flags: ["--expose-gc"], timeout: 60_000 });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(JSON.parse(stdout), {
    login: ["canary-access-1", "canary-refresh-1"],
    refresh: ["canary-access-2", "canary-refresh-2"],
    rejected: ["canary-access-2", "canary-refresh-2"],
    end: [],
  });
});
