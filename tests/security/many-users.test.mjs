import assert from "node:assert/strict";
import { test } from "node:test";
import { initialize, server, start } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";

const USERS = 1_000;
const names = Array.from({ length: USERS }, (_, index) => `user${index}`);

/** Of whom a token of the fake server is. */
const userOf = (token) => token.split("-")[2];

/** Answers come after a few turns of the event loop, in an order of their own. */
function shuffleAnswers() {
  let turns = 0;
  server.answer = async () => {
    turns = (turns * 7 + 3) % 11;
    for (let turn = turns; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
  };
}

test("1,000 users through one process never cross, whatever they share", async () => {
  shuffleAnswers();
  const options = { fetch: server.fetch, timeout: 3_600_000 };
  const persistence = new MemoryStore();
  const shared = await start(options);
  const ways = [
    () => start(options),
    () => shared,
    (name) => start({ ...options, persistence, slot: name }),
    (name) => initialize(name, "demo-key", { ...options, persistence }),
  ];
  const serve = async (name, index) => {
    const client = await ways[index % ways.length](name);
    const connection = await client.login(name, "pw");
    const token = await connection.getAccessToken();
    const next = await connection.getAccessToken({ rejected: token });
    assert.notEqual(next, token);
    assert.deepEqual([token, next, connection.retrievePersistanceToken()].map(userOf), Array(3).fill(name));
    return connection;
  };
  const connections = await Promise.all(names.map(serve));
  const tokens = await Promise.all(connections.map((connection) => connection.getAccessToken()));
  assert.deepEqual(tokens.map(userOf), names);
  assert.equal(new Set(tokens).size, USERS);
  assert.equal(server.count("refresh_token"), USERS);
  assert.equal(server.count("revocation"), 0);
});
