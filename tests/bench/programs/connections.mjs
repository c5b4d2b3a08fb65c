import { initialize } from "../../../pkg/index.js";
import { fetchAtOnce, tokenResponse } from "../tokens.js";
import { heap, pages } from "./memory.mjs";
import { answer, asked } from "./program.mjs";

const WARM_UP = 100;
const PAGE = 65_536;
const options = { tokenEndpoint: "http://127.0.0.1:1", fetch: fetchAtOnce };
const initialized = () => initialize("account", "public-key", options);
const { access_token, refresh_token } = tokenResponse();
const live = [];

/** Time and memory for each of so many connections that stay live, of the clients that `clientOf` resolves to. */
async function measure(clientOf) {
  const connect = async () => (await clientOf()).login("alice", "wonderland");
  for (let count = 0; count < WARM_UP; count += 1) await connect();
  const before = { heap: await heap(), pages: pages() };
  const start = performance.now();
  for (let count = 0; count < asked.connections; count += 1) live.push(await connect());
  const microseconds = (1000 * (performance.now() - start)) / asked.connections;
  const heapBytes = ((await heap()) - before.heap) / asked.connections;
  const wasmBytes = ((pages() - before.pages) * PAGE) / asked.connections;
  return { microseconds, heapBytes, wasmBytes, bytes: heapBytes + wasmBytes };
}

const shared = await initialized();
const ofOneClient = await measure(() => shared);
const ofTheirOwn = await measure(initialized);
await Promise.all(live.map((connection) => connection.getAccessToken()));
answer({ ofOneClient, ofTheirOwn, tokens: access_token.length + refresh_token.length });
