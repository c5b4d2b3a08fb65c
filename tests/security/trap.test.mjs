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
    const answer = { access_token: "at-" + issued, refresh_token: "rt-" + issued, token_type: "Bearer", expires_in: 0 };
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  }

  const client = await initialize("demo", "key", { fetch });
  const connection = await client.login("alice", "pw");
  const calls = [connection.getAccessToken(), connection.getAccessToken({ rejected: "x" })];
  // The one function of five parameters hands a command to a session: here to one at no address.
  const [handle, ...others] = Object.values(wasm).filter(({ length }) => length === 5);
  const traps = [];
  for (let trap = 0; trap < 3; trap += 1) {
    try {
      handle(0, 0, {}, 0, {});
    } catch (error) {
      traps.push(error.constructor.name);
    }
  }
  const tokens = [...(await Promise.all(calls)), await connection.getAccessToken()];
  const other = await (await initialize("demo", "key", { fetch })).login("bob", "pw");
  tokens.push(await other.getAccessToken());
  await connection.signout();
  console.log(JSON.stringify({ others: others.length, traps, tokens, state: connection.getSnapshot().state }));
`;

test("a trap in the module takes no session with it", async () => {
  const { code, stdout, stderr } = await runModule(source, { timeout: 60_000 });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.deepEqual(JSON.parse(stdout), {
    others: 0,
    traps: Array(3).fill("RuntimeError"),
    tokens: ["at-2", "at-2", "at-3", "at-5"],
    state: "ended",
  });
});
