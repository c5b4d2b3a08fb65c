import { initialize } from "../../../pkg/index.js";
import { fetchAtOnce } from "../tokens.js";
import { heap, pages } from "./memory.mjs";
import { answer, asked } from "./program.mjs";

const WARM_UP = 1000;
const POINTS = 100;
const { cycles } = asked;
const options = { tokenEndpoint: "http://127.0.0.1:1", fetch: fetchAtOnce };
const client = await initialize("account", "public-key", options);
const connection = await client.login("alice", "wonderland");
let token = await connection.getAccessToken();

async function refresh(times) {
  for (let time = 0; time < times; time += 1) token = await connection.getAccessToken({ rejected: token });
}

await refresh(WARM_UP);
const points = [{ cycle: 0, heap: await heap(), pages: pages() }];
let milliseconds = 0;
for (let done = 0; done < cycles; ) {
  const next = Math.min(cycles, done + Math.ceil(cycles / POINTS));
  const start = performance.now();
  await refresh(next - done);
  milliseconds += performance.now() - start;
  done = next;
  points.push({ cycle: done, heap: await heap(), pages: pages() });
  if (points.length % 10 === 0) console.error(`${done.toLocaleString("en")} refreshes`);
}
answer({ points, microseconds: (1000 * milliseconds) / cycles });
