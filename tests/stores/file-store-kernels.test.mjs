import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { storeTests } from "../../pkg/store-tests.js";
import { entryUrl } from "../shared/client.mjs";
import { gate } from "../shared/fake-server.mjs";
import { length } from "../shared/lengths.mjs";
import { endWithUs, isRunning } from "../shared/processes.mjs";
import { faults, TokenServer } from "../shared/token-server.mjs";
import { rejection, stayAlive } from "../shared/waiting.mjs";
import { inProcess, scratch } from "./file-store-holder.mjs";
import { anotherBoot, anotherKernel, noKernels } from "./kernels.mjs";

after(stayAlive());

const { kernelExpiries: EXPIRIES } = length;
const nodeUrl = new URL("../../pkg/node.js", import.meta.url).href;
const key = "key";
const { signal } = new AbortController();
const claim = (locked) => JSON.stringify({ sid: 'a "claim_locked":1 ', claim: 7, claim_locked: locked, sends: 1 });

/** Restores the session, tells of each read of the store and of each request, and of the token that it has instead of one that it is told. */
const member = (path, options) => `
  import { createInterface } from "node:readline";
  import { initialize } from ${JSON.stringify(entryUrl)};
  import { fileStore } from ${JSON.stringify(nodeUrl)};
  const tell = (what, value) => console.log(JSON.stringify({ what, value }));
  const persistence = fileStore(${JSON.stringify(path)});
  const { read } = persistence;
  persistence.read = (key) => {
    tell("read");
    return read.call(persistence, key);
  };
  const client = await initialize("demo", "demo-key", { persistence, ...${JSON.stringify(options)} });
  client.trace(({ type }) => tell(type));
  const connection = await client.restore();
  tell("ready");
  for await (const rejected of createInterface(process.stdin)) {
    tell("token", await connection.getAccessToken({ rejected }).catch((error) => error.code));
  }
`;

/** A process with the session, of this kernel or under what runs programs in another. */
class Member {
  reads = 0;
  #told = {};

  constructor(kernel, source, { heard }) {
    this.kernel = kernel;
    const [program, ...args] = [...kernel.under, process.execPath, "--input-type=module", "--eval", source];
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    endWithUs(this.child);
    createInterface(this.child.stdout).on("line", (line) => {
      const { what, value } = JSON.parse(line);
      if (what === "read") this.reads += 1;
      this.#told[what]?.(value);
      heard(this, what);
    });
  }

  tells(what) {
    return new Promise((resolve) => {
      this.#told[what] = resolve;
    });
  }

  asks(rejected) {
    this.reads = 0;
    this.child.stdin.write(`${rejected}\n`);
    return this.tells("token");
  }

  async kill() {
    if (!isRunning(this.child)) return;
    this.child.kill("SIGKILL");
    await once(this.child, "close");
  }
}

/** For a test: what was begun last ends first. Its folder goes when nobody writes there any more. */
function lastFirst(t) {
  const ends = [];
  t.after(async () => {
    for (const end of ends) await end();
  });
  return { after: (end) => ends.unshift(end) };
}

async function folder(t) {
  const path = await scratch(t);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** Two processes in each of two kernels, with one session at a strict server. */
async function twoKernels(test, another, options) {
  const t = lastFirst(test);
  const path = await folder(t);
  const server = await new TokenServer().start();
  t.after(() => server.close());
  const config = { tokenEndpoint: `${server.url}/token`, ...options };
  const { initialize } = await import(entryUrl);
  const client = initialize("demo", "demo-key", { persistence: fileStore(path), ...config });
  const token = await (await client.login("alice", "pw")).getAccessToken();
  const kernels = [{ under: [] }, await another(t, path)];
  const scene = { server, token, members: [], heard() {} };
  for (const kernel of [...kernels, ...kernels]) {
    const heard = (member, what) => scene.heard(member, what);
    scene.members.push(new Member(kernel, member(path, config), { heard }));
  }
  t.after(() => Promise.all(scene.members.map((member) => member.kill())));
  await Promise.all(scene.members.map((member) => member.tells("ready")));
  return scene;
}

describe("a file store that two kernels share", { skip: noKernels() ?? false, timeout: 1_200_000 }, () => {
  for (const [what, another] of Object.entries({
    "see as through a virtual machine": anotherKernel,
    "see each with sockets of its own": anotherBoot,
  })) {
    test(`and ${what} has one request at each of ${EXPIRIES} expiries, though an answer comes only when the other kernel has looked five times`, async (t) => {
      const scene = await twoKernels(t, another);
      const { server, members } = scene;
      const senders = new Set();
      let { token } = scene;
      for (let expiry = 1; expiry <= EXPIRIES; expiry++) {
        const answer = gate();
        server.fault = (...args) => {
          if (server.refreshes.length > expiry) answer.open();
          return faults.delayed(answer.promise)(...args);
        };
        let sender;
        scene.heard = (member, what) => {
          if (what === "request") sender ??= member.kernel;
          if (sender && member.kernel !== sender && member.reads >= 5) answer.open();
        };
        const rejected = token;
        const tokens = new Set(await Promise.all(members.map((member) => member.asks(rejected))));
        assert.equal(server.refreshes.length, expiry);
        assert.equal(tokens.size, 1);
        [token] = tokens;
        assert.ok(token !== rejected && server.accepts(token), token);
        senders.add(sender);
      }
      assert.deepEqual({ reused: server.reused, families: server.families.revoked }, { reused: 0, families: 0 });
      t.diagnostic(`${EXPIRIES} expiries, ${server.refreshes.length} requests, of ${senders.size} kernels`);
    });

    test(`and ${what} waits out the claim of a process that was killed in the other one, and goes on with the session`, async (t) => {
      const scene = await twoKernels(t, another, { timeout: 2_000 });
      const { server, members, token } = scene;
      server.faults = [faults.unanswered];
      const [here, there] = members;
      here.asks(token);
      await server.received(1);
      let looks = 0;
      scene.heard = (member, what) => {
        if (what === "request") looks = member.reads;
      };
      const next = there.asks(token);
      await here.kill();
      assert.ok(server.accepts(await next));
      assert.equal(server.refreshes.length, 2);
      assert.ok(looks > 3, `${looks} looks`);
    });
  }

  test("hands out a claim that was made under the lock of one kernel to the other as one without a lock", async (context) => {
    const t = lastFirst(context);
    const path = await folder(t);
    const { under } = await anotherKernel(t, path);
    const [here, there] = await Promise.all([inProcess(path), inProcess(path, under)]);
    t.after(() => Promise.all([here, there].map((store) => store.kill())));
    assert.equal(await here.compareAndSet(key, null, claim(1)), true);
    assert.deepEqual([await here.read(key), await there.read(key)], [1, 0].map(claim));
    assert.equal(await there.compareAndSet(key, claim(1), "next"), false);
    assert.equal(await there.compareAndSet(key, claim(0), claim(1)), true);
    assert.deepEqual([await here.read(key), await there.read(key)], [0, 1].map(claim));
  });

  test("has a lock for the processes of each kernel", async (context) => {
    const t = lastFirst(context);
    const path = await folder(t);
    const { under } = await anotherBoot(t, path);
    const stores = await Promise.all([inProcess(path), inProcess(path, under), inProcess(path, under)]);
    t.after(() => Promise.all(stores.map((store) => store.kill())));
    const [here, there, besideIt] = stores;
    const order = [];
    await here.lock(key, signal, async () => {
      let waiting;
      await there.lock(key, signal, async () => {
        waiting = besideIt.lock(key, signal, async () => order.push("beside it"));
        for (let turn = 0; turn < 20; turn++) await besideIt.read(key);
        order.push("there");
      });
      await waiting;
      order.push("here");
    });
    assert.deepEqual(order, ["there", "beside it", "here"]);
  });

  test("has no lock where its holder is not seen by the others", async (context) => {
    const t = lastFirst(context);
    const path = await folder(t);
    const { under } = await anotherKernel(t, path);
    const store = await inProcess(path, under);
    t.after(() => store.kill());
    const error = await rejection(store.lock(key, signal, async () => {}));
    assert.match(error.message, /^unsupported: .*-1 is not reached: there is no lock on this file system$/);
  });

  describe("keeps what a store promises, but for the lock and the word of changes:", () => {
    let stores;
    let next = 0;
    const suite = lastFirst({ after });
    before(async () => {
      const path = await folder(suite);
      const { under } = await anotherKernel(suite, path);
      stores = await Promise.all([inProcess(path), inProcess(path, under)]);
      for (const store of stores) suite.after(() => store.kill());
    });
    const open = () => {
      const store = stores[next++ % stores.length];
      return { read: (...args) => store.read(...args), compareAndSet: (...args) => store.compareAndSet(...args) };
    };
    for (const { name, run } of storeTests(open)) test(name, run);
  });
});
