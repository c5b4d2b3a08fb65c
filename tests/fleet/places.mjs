import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RedisServer } from "../shared/redis-server.mjs";
import { TokenServer } from "../shared/token-server.mjs";

/** What each process of the fleet runs. */
export const hostProgram = fileURLToPath(new URL("host.mjs", import.meta.url));

/** For as long as `work` takes, a path for a file store in a folder of its own. */
export async function withFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  try {
    return await work(join(folder, "store"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For as long as `work` takes, a Redis server that keeps its data when it is restarted. */
export async function withRedis(work) {
  const server = await RedisServer.start();
  try {
    return await work(server);
  } finally {
    await server.remove();
  }
}

/** For as long as `work` takes, a token server: one that revokes a family on reuse, unless it is given a window. */
export async function withTokenServer(work) {
  const server = await new TokenServer().start();
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}
