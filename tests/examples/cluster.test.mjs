import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { becomes, RedisServer, startProxy } from "../shared/redis-server.mjs";
import { setUpExample } from "./examples.mjs";

const WORKERS = 3;
const REQUESTS = 40;
const EXPIRIES = 2;

let example;
let redisServer;
let redisLine;
let session;
const running = new Set();
before(async () => {
  example = await setUpExample("cluster");
  redisServer = await RedisServer.start();
  redisLine = await startProxy(redisServer.path);
});
beforeEach(() => {
  session = { SESSION_FOLDER: mkdtempSync(join(example.folder, "session-")) };
  example.forget();
  example.line.lead();
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await (await redisServer.client()).flushAll();
  redisServer.closeClients();
});
after(async () => {
  await redisLine.close();
  await redisServer.remove();
  await example.remove();
});

/** Starts the service; `ended` when none of its processes, its workers among them, is left that could still print. */
function spawnService() {
  const child = spawn(process.execPath, [example.path("service.mjs")], {
    env: { ...process.env, ...example.env, PORT: "0", WORKERS, ...session },
  });
  running.add(child);
  const service = { child, output: "", pids: new Set() };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      service.output += chunk;
    });
  }
  service.ended = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      running.delete(child);
      assert.doesNotMatch(service.output, /builder|_token"|^\s+at |Warning/m);
      resolve(signal ?? code);
    });
  });
  return service;
}

/** One whose workers have all answered. */
async function startService() {
  const service = spawnService();
  await becomes(() => /^http:.*\n/m.test(service.output) || !running.has(service.child));
  [service.url] = /^http:.*/m.exec(service.output) ?? assert.fail(service.output);
  await becomes(async () => {
    await ask(service);
    return service.pids.size === WORKERS;
  });
  return service;
}

/** The status, and which worker has answered; over a connection of its own, unless the agent has one. */
async function ask({ url, pids }, agent = new Agent()) {
  const request = get(url, { agent });
  const [response] = await once(request, "response");
  const { worker, username } = response.statusCode === 503 ? response.resume() : await json(response);
  if (response.statusCode === 200) assert.equal(username, "bob");
  if (worker) pids.add(worker);
  return { status: response.statusCode, worker };
}

async function assertAllAnswer(service) {
  const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(service)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Stops it as a service manager does, and nothing of it is left. */
async function stop({ child, ended, pids }) {
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
  for (const pid of pids) assert.ok(!isRunning(pid), `${pid} is left`);
}

const refreshes = (count) => Array(count).fill(["refresh_token", 200]);

/** Once at each expiry, whichever of the services is asked. */
async function assertOneRefresh(services) {
  for (let expiry = 0; expiry < EXPIRIES; expiry += 1) {
    await Promise.all(services.map(assertAllAnswer));
    example.expire();
    await Promise.all(services.map(assertAllAnswer));
    assert.deepEqual(example.grants(), [["password", 200], ...refreshes(expiry + 1)]);
  }
  for (const { pids } of services) assert.equal(pids.size, WORKERS);
}

describe("the cluster", { timeout: 180_000 }, () => {
  test("logs in once and refreshes once at each expiry, for many requests at once", async () => {
    const service = await startService();
    await assertOneRefresh([service]);
    await stop(service);
  });

  test("shares the session with that of another host through Redis", async () => {
    const { host, port } = redisLine.socket;
    session = { REDIS_URL: `redis://${host}:${port}` };
    const services = [await startService(), await startService()];
    await assertOneRefresh(services);
    await Promise.all(services.map(stop));
  });

  test("logs in once more when the server has ended the session", async (t) => {
    const service = await startService();
    const other = await startAuthorizationServer();
    t.after(() => other.close());
    example.line.lead(other.url);
    await Promise.all(Array.from({ length: REQUESTS }, () => ask(service)));
    await becomes(async () => (await ask(service)).status === 200);
    await assertAllAnswer(service);
    const grants = other.requests.filter(({ grant_type }) => grant_type).map((entry) => entry.grant_type);
    // A token that is this young is asked for twice more.
    assert.deepEqual(grants, ["refresh_token", "refresh_token", "refresh_token", "password"]);
    await stop(service);
  });

  test("has a worker that is killed while it refreshes replaced, and the others go on, without a login", async () => {
    const service = await startService();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { worker } = await ask(service, agent);
    example.expire();
    const refresh = example.line.hold("POST");
    const lost = assert.rejects(ask(service, agent), { code: "ECONNRESET" });
    await refresh.arrived;
    process.kill(worker, "SIGKILL");
    await lost;
    await refresh.left;
    refresh.release();
    await assertAllAnswer(service);
    service.pids.delete(worker);
    await becomes(async () => {
      await ask(service);
      return service.pids.size === WORKERS;
    });
    assert.match(service.output, new RegExp(`worker ${worker} ended \\(SIGKILL\\)`));
    await assertAllAnswer(service);
    assert.deepEqual(example.grants(), [["password", 200], ...refreshes(1)]);
    assert.ok(!isRunning(worker));
    await stop(service);
  });

  test("answers what it was asked before it ends", async () => {
    const service = await startService();
    const call = example.line.hold("GET");
    const answer = ask(service);
    await call.arrived;
    service.child.kill("SIGTERM");
    await becomes(() =>
      ask(service).then(
        () => false,
        () => true,
      ),
    );
    assert.ok(running.has(service.child));
    call.release();
    assert.equal((await answer).status, 200);
    await stop(service);
  });

  test("stores a refresh that is under way before it ends", async () => {
    const service = await startService();
    example.expire(0.95);
    const refresh = example.line.hold("POST", { isAnswer: true });
    const answer = ask(service);
    await refresh.arrived;
    assert.equal((await answer).status, 200);
    service.child.kill("SIGTERM");
    await becomes(() =>
      ask(service).then(
        () => false,
        () => true,
      ),
    );
    refresh.release();
    await stop(service);
    const next = await startService();
    await assertAllAnswer(next);
    assert.deepEqual(example.grants(), [["password", 200], ...refreshes(1)]);
    await stop(next);
  });

  test("leaves no worker behind when its primary is killed", async () => {
    const service = await startService();
    service.child.kill("SIGKILL");
    assert.equal(await service.ended, "SIGKILL");
  });

  test("does not log in where its store is refused, and says why", { skip: process.platform === "win32" }, async () => {
    chmodSync(session.SESSION_FOLDER, 0o755);
    const service = spawnService();
    assert.equal(await service.ended, 1);
    assert.match(service.output, /^cannot sign in: invalid_argument: .* is open to other users/);
    assert.deepEqual(example.grants(), []);
    chmodSync(session.SESSION_FOLDER, 0o700);
  });

  test("ends when its port is taken, and says so", async (t) => {
    const other = await startAuthorizationServer();
    t.after(() => other.close());
    session.PORT = other.port;
    const service = spawnService();
    assert.equal(await service.ended, 1);
    const taken = `cannot listen: bind EADDRINUSE 127.0.0.1:${other.port}`;
    const lines = service.output.trimEnd().split("\n");
    const [ends, said] = [/^worker \d+ ended \(1\)$/, /^cannot listen: /].map((pattern) =>
      lines.filter((line) => pattern.test(line)),
    );
    assert.equal(ends.length, 1);
    assert.ok(said.length > 0 && said.length <= WORKERS);
    assert.deepEqual(new Set(said), new Set([taken]));
    assert.equal(lines.length, ends.length + said.length);
  });

  test("ends when its account is refused", async () => {
    session.MESHY_PASSWORD = "mistyped";
    const service = spawnService();
    assert.equal(await service.ended, 1);
    assert.match(service.output, /^cannot sign in: invalid_grant: the server refused the credentials: .+\n$/);
  });
});
