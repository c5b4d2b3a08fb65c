import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { fileStore } from "../../pkg/node.js";

const self = fileURLToPath(import.meta.url);
const isWorker = workerData?.isHolder === true;

/** A folder for one test, and a path in it that is not there yet. */
export async function scratch(test, under = tmpdir()) {
  const folder = await mkdtemp(join(under, "meshydb-client-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "store");
}

/** Each of them takes the lock twenty times, and nobody has it beside another. How often it was had. */
export async function takeTurns(stores, path, key) {
  const { signal } = new AbortController();
  let inside = 0;
  let entered = 0;
  const rounds = stores.map(async (store) => {
    for (let round = 0; round < 20; round++) {
      await store.lock(key, signal, async () => {
        inside += 1;
        entered += 1;
        assert.equal(inside, 1);
        await readdir(path);
        inside -= 1;
      });
    }
  });
  await Promise.all(rounds);
  return entered;
}

/** A store in another process or thread, driven by messages; `kill` ends it. */
class Remote {
  #calls = new Map();

  constructor(post, kill) {
    this.post = post;
    this.kill = kill;
  }

  receive({ id, what, value, error }) {
    const call = this.#calls.get(id);
    if (what === "settled") {
      this.#calls.delete(id);
      error === undefined ? call.resolve(value) : call.reject(Object.assign(new Error(error.message), error));
    } else call?.[what]();
  }

  #call(method, args, hooks = {}) {
    const id = randomUUID();
    return [
      id,
      new Promise((resolve, reject) => {
        this.#calls.set(id, { resolve, reject, ...hooks });
        this.post({ id, method, args });
      }),
    ];
  }

  read(...args) {
    return this.#call("read", args)[1];
  }

  compareAndSet(...args) {
    return this.#call("compareAndSet", args)[1];
  }

  lock(key, signal, run) {
    let result;
    const ran = async () => {
      result = (async () => run())();
      await result.catch(() => {});
      this.post({ id, method: "release" });
    };
    const [id, settled] = this.#call("lock", [key, signal.aborted], { ran });
    signal.addEventListener("abort", () => this.post({ id, method: "abort" }));
    return settled.then(() => result);
  }

  watch(key, changed) {
    const [id] = this.#call("watch", [key], { changed });
    return () => {
      this.#calls.delete(id);
      this.post({ id, method: "stop" });
    };
  }
}

/** One under another program: `["unshare", "--net"]` is a container's network. */
export async function inProcess(path, under = []) {
  const [execPath, ...execArgv] = [...under, process.execPath];
  const child = fork(self, [path], { env: { ...process.env, STORE_HOLDER: "1" }, execPath, execArgv });
  const closed = once(child, "close");
  const remote = new Remote(
    (message) => child.connected && child.send(message),
    async (signal = "SIGKILL") => {
      child.kill(signal);
      await closed;
    },
  );
  remote.child = child;
  child.on("message", (message) => remote.receive(message));
  return remote;
}

export async function inWorker(path) {
  const worker = new Worker(self, { workerData: { isHolder: true, path } });
  const remote = new Remote(
    (message) => worker.postMessage(message),
    () => worker.terminate(),
  );
  worker.on("message", (message) => remote.receive(message));
  return remote;
}

/** Does what messages say with a store of its own. */
function serve(store, post) {
  const held = new Map();
  const methods = {
    read: (_id, key) => store.read(key),
    compareAndSet: (_id, ...args) => store.compareAndSet(...args),
    lock(id, key, isAborted) {
      const controller = new AbortController();
      if (isAborted) controller.abort();
      held.set(id, { abort: () => controller.abort() });
      return store.lock(key, controller.signal, async () => {
        post({ id, what: "ran" });
        await new Promise((release) => {
          held.get(id).release = release;
        });
      });
    },
    watch(id, key) {
      const stop = store.watch(key, () => post({ id, what: "changed" }));
      held.set(id, { stop });
      return new Promise(() => {});
    },
    abort: (id) => held.get(id)?.abort(),
    release: (id) => held.get(id).release(),
    stop: (id) => held.get(id).stop(),
  };
  return async ({ id, method, args = [] }) => {
    const isCall = !["abort", "release", "stop"].includes(method);
    try {
      const value = await methods[method](id, ...args);
      if (isCall) post({ id, what: "settled", value });
    } catch (error) {
      const { name, message, code } = error;
      if (isCall) post({ id, what: "settled", error: { name, message, code } });
    }
  };
}

if (isWorker) {
  parentPort.on(
    "message",
    serve(fileStore(workerData.path), (message) => parentPort.postMessage(message)),
  );
} else if (process.env.STORE_HOLDER && process.argv[1] === self) {
  process.on(
    "message",
    serve(fileStore(process.argv[2]), (message) => process.send(message)),
  );
}
