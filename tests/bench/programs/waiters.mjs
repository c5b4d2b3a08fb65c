import { initialize } from "../../../pkg/index.js";
import { median } from "../samples.js";
import { fetchAtOnce } from "../tokens.js";
import { answer, asked } from "./program.mjs";

const { waiters, rounds } = asked;
let requests = 0;
const fetch = () => {
  requests += 1;
  return fetchAtOnce();
};
const client = await initialize("account", "public-key", { tokenEndpoint: "http://127.0.0.1:1", fetch });
const connection = await client.login("alice", "wonderland");
const samples = { own: [], bare: [] };
const most = [];
for (let round = 0; round < rounds; round += 1) {
  const rejected = await connection.getAccessToken();
  requests = 0;
  samples.own.push(await perWaiter(() => connection.getAccessToken({ rejected })));
  most.push(requests);
  const shared = fetchAtOnce().then((response) => response.json());
  samples.bare.push(await perWaiter(async () => (await shared).access_token));
}
answer({ own: median(samples.own), bare: median(samples.bare), requests: Math.max(...most) });

/** Nanoseconds for each of the callers that ask in one turn. */
async function perWaiter(ask) {
  const start = performance.now();
  const tokens = await Promise.all(Array.from({ length: waiters }, ask));
  if (new Set(tokens).size !== 1) throw new Error("not the same token");
  return ((performance.now() - start) * 1e6) / waiters;
}
