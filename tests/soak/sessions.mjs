import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { initialize } from "../../pkg/index.js";
import { answerCalls } from "../shared/calls.mjs";
import { MemoryStore } from "../shared/stores.mjs";

const { url, account, publicKey, timeout, users } = JSON.parse(process.argv[2]);
/** Calls in a row that bring no token, after which a session counts as one that does not get on. */
const PATIENCE = 50;

process.on("disconnect", () => process.exit());

const persistence = new MemoryStore();
const options = { authUrl: url, apiUrl: `${url}/api`, timeout, persistence };
const failed = { network: 0, timeout: 0 };
const sessions = [];

async function signIn() {
  for (const { username, password } of users) {
    const client = await initialize(account, publicKey, { ...options, slot: username });
    client.trace(({ type, grant, code }) => {
      if (type === "answer" && grant === "refresh_token" && code) failed[code] += 1;
    });
    const connection = await client.login(username, password);
    sessions.push({ username, connection, token: await connection.getAccessToken(), isLost: false });
  }
}

/** Each session gets so many further tokens, one after another: to the sessions that did not, and why. */
async function refresh(times) {
  const outcomes = await each(sessions, async (session) => {
    for (let got = 0; got < times && !session.isLost; got++) await nextToken(session);
    return session.isLost ? `${session.username}: ${session.isLost}` : undefined;
  });
  return outcomes.filter(Boolean);
}

async function nextToken(session) {
  for (let failures = 1; ; failures++) {
    try {
      session.token = await session.connection.getAccessToken({ rejected: session.token });
      return;
    } catch ({ code, reason, retryAfter = 0 }) {
      session.isLost = code === "session_ended" ? reason : failures === PATIENCE && code;
      if (session.isLost) return;
      await sleep(retryAfter * 1000);
    }
  }
}

/** How many sessions are still those of their users. */
async function alive() {
  const isAlive = await each(sessions, async ({ username, connection }) => {
    const response = await connection.fetch("me").catch(() => undefined);
    return response?.ok && (await response.json()).username === username;
  });
  return isAlive.filter(Boolean).length;
}

function each(items, work) {
  return Promise.all(items.map(work));
}

answerCalls({ signIn, refresh, alive, failed: async () => failed });
