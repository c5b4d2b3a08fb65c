import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../shared/processes.mjs";

const program = fileURLToPath(new URL("../../fuzz/package/main.mjs", import.meta.url));

test("hostile answers, records and arguments: no trap, no error but the package's own, no token in one", async (t) => {
  const args = [program, "--seed", "1", "--count", "10000"];
  const { code, stdout, stderr } = await run(process.execPath, args, { timeout: 300_000 });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^package: \d{5} inputs in .* no violation$/m);
  t.diagnostic(stdout.trim().split("\n").at(-1));
});
