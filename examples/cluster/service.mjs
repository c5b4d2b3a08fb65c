import cluster from "node:cluster";
import { createServer } from "node:http";
import * as timers from "node:timers/promises";
import { initialize } from "meshydb-client";

const { env } = process;
const url = env.MESHY_URL ?? "http://127.0.0.1:8081";
const client = await initialize(env.MESHY_ACCOUNT ?? "demo", env.MESHY_PUBLIC_KEY ?? "demo-public-key", {
  authUrl: url,
  apiUrl: `${url}/api`,
  persistence: await openStore(),
});
const stopping = new AbortController();
const { signal: stop } = stopping;
await (cluster.isPrimary ? primary() : worker());

async function openStore() {
  if (!env.REDIS_URL) {
    const { fileStore } = await import("meshydb-client/node");
    return fileStore(env.SESSION_FOLDER ?? "session");
  }
  const { createClient } = await import("redis");
  const { redisStore } = await import("meshydb-client/redis");
  const redis = createClient({ url: env.REDIS_URL }).on("error", ({ message }) => console.error(`Redis: ${message}`));
  redis.unref(); // It is open until the last token is stored, and keeps no process alive.
  return redisStore(redis);
}

/** Keeps somebody signed in, and the workers running. It alone logs in, so that they do not all do it. */
async function primary() {
  let signingIn = signIn();
  await signingIn;
  const fork = () => {
    if (stop.aborted) return;
    cluster.fork().on("message", () => {
      signingIn = signingIn.then(signIn);
    });
  };
  const end = () => {
    stopping.abort();
    const workers = Object.values(cluster.workers);
    cluster.disconnect();
    setTimeout(() => workers.forEach((worker) => void worker.process.kill("SIGKILL")), 10_000).unref();
  };
  const listening = new Set();
  cluster.on("listening", (worker) => listening.add(worker));
  cluster.once("listening", (_worker, { port }) => console.log(`http://127.0.0.1:${port}`));
  cluster.on("exit", (worker, code, signal) => {
    if (stop.aborted) return;
    console.error(`worker ${worker.process.pid} ended (${signal ?? code})`);
    // The next one could not start either.
    if (!listening.delete(worker) && code) {
      process.exitCode = 1;
      return end();
    }
    pause(1).then(fork);
  });
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, end);
  for (let left = Number(env.WORKERS ?? 3); left > 0; left -= 1) fork();
}

/** Null means that nobody is signed in. A store that does not answer rejects instead, and a login would not help then. */
async function signIn() {
  while (!stop.aborted) {
    try {
      return (await client.restore()) ?? (await client.login(env.MESHY_USER ?? "bob", env.MESHY_PASSWORD ?? "builder"));
    } catch (error) {
      console.error(`cannot sign in: ${error.message}`);
      if (!error.retryable) process.exit(1);
      await pause(error.retryAfter ?? 1);
    }
  }
}

function pause(seconds) {
  return timers.setTimeout(1000 * seconds, undefined, { signal: stop }).catch(() => {});
}

/** Told to disconnect, it ends by itself: when it has answered, and a refresh that is under way is stored. */
function worker() {
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => {}); // The primary says when.
  const server = createServer(answer).listen(env.PORT ?? 8090, "127.0.0.1");
  server.on("error", ({ message }) => {
    console.error(`cannot listen: ${message}`);
    process.exit(1);
  });
}

/** The snapshot follows the session, whoever refreshes it, and the next one if it ends and somebody logs in again. */
async function answer(_request, response) {
  try {
    const connection = client.getSnapshot().connection ?? (await client.restore());
    if (!connection) return askAgain(response, "nobody is signed in", true);
    const me = await connection.fetch("me");
    const body = JSON.stringify({ worker: process.pid, ...(await me.json()) });
    response.writeHead(me.ok ? 200 : 502, { "content-type": "application/json" }).end(body);
  } catch ({ message, code, retryAfter }) {
    askAgain(response, message, code === "session_ended", retryAfter);
  }
}

function askAgain(response, message, mustSignIn, seconds = 1) {
  console.error(`cannot answer: ${message}`);
  if (mustSignIn && process.connected) process.send("sign in");
  response.writeHead(503, { "retry-after": Math.ceil(seconds) }).end();
}
