import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entryUrl, fakeServerUrl } from "../shared/client.mjs";
import { runModule } from "../shared/processes.mjs";

describe("a process ends by itself", () => {
  const source = (script, timeout = 3_600_000) => `
    import { initialize } from ${JSON.stringify(entryUrl)};
    import { FakeServer, json } from ${JSON.stringify(fakeServerUrl)};
    const server = new FakeServer();
    const values = new Map();
    const persistence = {
      read: (key) => values.get(key) ?? null,
      compareAndSet(key, expected, next) {
        if (this.read(key) !== expected) return false;
        values.set(key, next);
        return true;
      },
    };
    const client = await initialize("demo", "key", { fetch: server.fetch, timeout: ${timeout}, persistence });
    const connection = await client.login("alice", "pw");
    const { now } = Date;
    const age = (ms) => { Date.now = () => now() + ms; };
    const refused = (promise) => promise.catch((error) => console.log(error.code));
    process.on("exit", () => console.log(server.count("refresh_token")));
    ${script}
  `;
  const quiet = `server.answer = () => json(503, {}, { "retry-after": "3000" });`;
  const stored = "process.on('exit', () => console.log(JSON.parse([...values.values()][0]).gen));";
  for (const [what, script, output, timeout] of [
    ["after a refresh ahead", "age(3_500_000); await connection.getAccessToken();", ["1"]],
    ["after one that failed", `${quiet} age(3_500_000); await connection.getAccessToken();`, ["1"]],
    [
      "after a call that failed",
      `${quiet.replace("3000", "3601")} age(3_700_000); await refused(connection.getAccessToken());`,
      ["unavailable", "1"],
    ],
    [
      "after a cool-down",
      `let fails = 1; server.answer = () => fails-- > 0 ? json(503, {}) : undefined;
       age(3_700_000); await connection.getAccessToken();`,
      ["2"],
    ],
    [
      "when nobody waits for the end of a cool-down any more",
      `${quiet} age(3_700_000); const controller = new AbortController();
       const call = refused(connection.getAccessToken({ signal: controller.signal }));
       while (connection.getSnapshot().state !== "waiting") await new Promise(setImmediate);
       controller.abort(); await call;`,
      ["aborted", "1"],
    ],
    [
      "when a refresh ahead does not get the lock",
      "persistence.lock = () => new Promise(() => {}); age(3_500_000); await connection.getAccessToken();",
      ["0"],
    ],
    [
      "while nobody waits for a lost answer",
      `server.losing = 1_000; age(3_700_000); const controller = new AbortController();
       const call = refused(connection.getAccessToken({ signal: controller.signal }));
       while (connection.getSnapshot().state !== "waiting") await new Promise(setImmediate);
       controller.abort(); await call;`,
      ["aborted", "2"],
    ],
    [
      "and not before, while a call waits that came when nobody waited any more",
      `let fails = 2; server.answer = () => fails-- > 0 ? json(500, {}) : undefined;
       age(3_700_000); const controller = new AbortController();
       const call = refused(connection.getAccessToken({ signal: controller.signal }));
       while (connection.getSnapshot().state !== "waiting") await new Promise(setImmediate);
       controller.abort(); await call;
       console.log(typeof (await connection.getAccessToken()));`,
      ["aborted", "string", "3"],
    ],
    [
      "when the store has failed for most of a timeout",
      `const swap = persistence.compareAndSet;
       persistence.compareAndSet = (...given) => {
         if (server.count("refresh_token")) throw new Error("full");
         return swap.apply(persistence, given);
       };
       age(3_700_000); await connection.getAccessToken(); const from = performance.now();
       process.on("exit", () => console.log(performance.now() - from > 100));`,
      ["1", "true"],
      300,
    ],
    [
      "when a revocation was not answered in time",
      `const from = performance.now();
       server.answer = () => new Promise(() => {});
       await connection.signout(); console.log(performance.now() - from > 290);`,
      ["true", "0"],
      300,
    ],
    [
      "when a store that did not answer in time takes what it had not",
      `const swap = persistence.compareAndSet; let silences = 2;
       persistence.compareAndSet = (...given) => {
         if (server.count("refresh_token") && silences-- > 0) return new Promise(() => {});
         return swap.apply(persistence, given);
       };
       age(3_700_000); const token = await connection.getAccessToken();
       process.on("exit", () => console.log([...values.values()][0].includes(token)));`,
      ["1", "true"],
    ],
    [
      "by process.exit once what is under way in the background is stored, if it has waited for that",
      `${stored} age(3_500_000); await connection.getAccessToken();
       await client[Symbol.asyncDispose](); process.exit();`,
      ["1", "2"],
    ],
    [
      "by process.exit once the store has taken what it had not, if it has waited for that",
      `const swap = persistence.compareAndSet; let failures = 3;
       persistence.compareAndSet = (...given) => {
         if (server.count("refresh_token") && failures-- > 0) throw new Error("full");
         return swap.apply(persistence, given);
       };
       ${stored} age(3_700_000); await connection.getAccessToken();
       await client[Symbol.asyncDispose](); process.exit();`,
      ["1", "2"],
    ],
    [
      "by process.exit once an answer has come that was lost before",
      `server.grace = true; server.losing = 2; ${stored} age(3_500_000); await connection.getAccessToken();
       while (server.losing) await new Promise(setImmediate);
       await client[Symbol.asyncDispose](); process.exit();`,
      ["3", "2"],
    ],
    [
      "by process.exit at once where the store was down and is well",
      `const { read } = persistence; persistence.read = () => Promise.reject(new Error("down"));
       const other = await initialize("demo", "key", { fetch: server.fetch, timeout: 3_600_000, persistence });
       await refused(other.restore()); persistence.read = read; await other.restore();
       await other[Symbol.asyncDispose](); process.exit();`,
      ["unavailable", "0"],
    ],
    [
      "by process.exit once a sign-out is stored that nobody has waited for",
      `${stored.replace("gen", "ended")} connection.signout(); await client[Symbol.asyncDispose](); process.exit();`,
      ["0", "signed_out"],
    ],
    [
      "by process.exit when a server has not answered for a timeout",
      `server.answer = () => new Promise(() => {}); age(3_700_000); connection.getAccessToken().catch(() => {});
       await client[Symbol.asyncDispose](); process.exit();`,
      ["1"],
      300,
    ],
    [
      "when the store takes what it had not",
      `const swap = persistence.compareAndSet; let failures = 4;
       persistence.compareAndSet = (...given) => {
         if (server.count("refresh_token") && failures-- > 0) throw new Error("full");
         return swap.apply(persistence, given);
       };
       age(3_700_000); const token = await connection.getAccessToken();
       process.on("exit", () => console.log([...values.values()][0].includes(token)));`,
      ["1", "true"],
    ],
  ]) {
    test(what, async () => {
      const { code, stdout, stderr } = await runModule(source(script, timeout));
      assert.deepEqual({ code, stderr, stdout: stdout.trim().split("\n") }, { code: 0, stderr: "", stdout: output });
    });
  }
});
