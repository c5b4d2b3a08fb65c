import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../www/server/main.mjs", import.meta.url));

async function takePort(t) {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return String(server.address().port);
}

async function run(env) {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
  return { stderr, status };
}

test("says what to do where the page's port is taken", async (t) => {
  const port = await takePort(t);
  assert.deepEqual(await run({ PORT: port, AUTH_PORT: "0" }), {
    stderr: `port ${port} is in use: stop what listens there or set PORT\n`,
    status: 1,
  });
});

test("says what to do where the authorization server's port is taken", async (t) => {
  const port = await takePort(t);
  assert.deepEqual(await run({ PORT: "0", AUTH_PORT: port }), {
    stderr: `port ${port} is in use: stop what listens there or set another port with AUTH_PORT\n`,
    status: 1,
  });
});
