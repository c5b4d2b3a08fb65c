import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "../../pkg/mcp.js";
import { fileStore } from "../../pkg/node.js";
import { signInWithLoopback } from "../../pkg/oauth.js";
import { withHosts } from "../shared/hosts.mjs";
import { length } from "../shared/lengths.mjs";
import { makes } from "./makes.mjs";
import { loopback, startServers } from "./servers.mjs";

const PROCESSES = 10;
/** Seconds. */
const LIFETIME = 2;
const program = fileURLToPath(new URL("host.mjs", import.meta.url));

test(`${PROCESSES} processes lose no call in ${length.mcpSeconds} seconds, with tokens of ${LIFETIME}`, async (t) => {
  const servers = await startServers({ lifetime: LIFETIME });
  t.after(servers.close);
  const folder = mkdtempSync(join(tmpdir(), "meshydb-client-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { mcp, authorization } = servers;
  const client = await createClient({ url: mcp.url, persistence: fileStore(folder) });
  await signInWithLoopback(client, loopback);
  const names = Object.keys(makes);
  const configs = Array.from({ length: PROCESSES }, (_, number) => {
    return { url: mcp.url, folder, make: names[number % names.length] };
  });
  const results = await withHosts(program, configs, async (hosts) => {
    const end = Date.now() + length.mcpSeconds * 1000;
    return Promise.all(hosts.map((host) => host.call("work", end)));
  });
  const refreshes = authorization.of("refresh_token");
  const calls = results.reduce((sum, result) => sum + result.calls, 0);
  t.diagnostic(`${calls} calls, ${refreshes.length} refreshes`);
  assert.deepEqual(
    results.flatMap(({ losses }) => losses),
    [],
  );
  assert.equal(
    results.every((result) => result.calls > 0),
    true,
  );
  assert.ok(refreshes.length > 1, `${refreshes.length} refreshes`);
  assert.equal(new Set(refreshes.map(({ refresh_token }) => refresh_token)).size, refreshes.length);
  for (const { status, resource } of refreshes) assert.deepEqual([status, resource], [200, mcp.url]);
  assert.equal(authorization.revoked, 0);
  assert.equal(authorization.registered.length, 1);
});
