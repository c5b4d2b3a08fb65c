import process from "node:process";
import { initialize } from "meshydb-client";
import { fileStore } from "meshydb-client/node";
import { redisStore } from "meshydb-client/redis";
import { createClient } from "redis";
import { use } from "./use.js";

const [kind, path, url] = process.argv.slice(2);

async function inRedis() {
  const redis = await createClient({ socket: { path } }).on("error", console.error).connect();
  redis.unref();
  return redisStore(redis);
}

const persistence = kind === "file" ? fileStore(path) : await inRedis();
console.log(JSON.stringify(await use(initialize, url, { persistence })));
