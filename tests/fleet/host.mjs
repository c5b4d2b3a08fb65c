import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { initialize } from "../../pkg/index.js";
import { answerCalls, told } from "../shared/calls.mjs";

const { store, tokenEndpoint, isRestless } = JSON.parse(process.argv[2]);
/** A first record that comes late on a busy machine is looked for so often. */
const LOOKS = 100;

const clients = new Map();
const connections = new Map();
const failed = { network: 0, timeout: 0 };

process.on("disconnect", () => process.exit());

async function openStore() {
  if (store.folder) {
    const { fileStore } = await import("../../pkg/node.js");
    return fileStore(store.folder);
  }
  const [{ createClient }, { redisStore }] = await Promise.all([import("redis"), import("../../pkg/redis.js")]);
  const redis = createClient({ socket: { path: store.socket } }).on("error", () => {});
  return redisStore(await redis.connect());
}

const persistence = await openStore();

async function open(slot, isFirst) {
  const client = await initialize("fleet", "fleet-key", { tokenEndpoint, persistence, slot });
  client.trace(({ type, code }) => {
    if (type === "request" && isRestless) process.send({ isSending: true });
    if (type === "answer" && code) failed[code] += 1;
  });
  clients.set(slot, client);
  connections.set(slot, isFirst ? await client.login("alice", "wonderland") : await restored(client));
  return token(slot);
}

async function restored(client) {
  for (let look = 1; ; look++) {
    const connection = await client.restore().catch(() => null);
    if (connection) return connection;
    if (look === LOOKS) throw new Error("no session is stored");
    await sleep(100);
  }
}

function token(slot, rejected) {
  return connections.get(slot).getAccessToken({ rejected });
}

/** Gives each token up as soon as it has it, and says how long the next one took. */
async function refreshForEver() {
  const slot = "default";
  let rejected = await open(slot);
  process.send({ isReady: true });
  for (;;) {
    const start = performance.now();
    const { value, error } = await told(token(slot, rejected));
    rejected = value ?? rejected;
    await new Promise((resolve) => process.send({ ms: performance.now() - start, error }, resolve));
  }
}

if (isRestless) await refreshForEver();
else answerCalls({ open, token, failed: async () => failed });
