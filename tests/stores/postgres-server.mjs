import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { postgresFolder } from "../../scripts/setup.mjs";
import { run } from "../shared/processes.mjs";

/** Its programs refuse root, and Debian's package has made a user for them. */
async function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = async (flag) => Number((await run("id", [flag, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

/** A server of one's own at a Unix socket in a folder of its own: pools of connections, and how to remove it. */
export async function startPostgres() {
  const user = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  if (user.uid) await chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const start = (program, args) => {
    const options = { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] };
    const child = spawn(join(postgresFolder(), program), args, options);
    child.output = "";
    child.stderr.on("data", (chunk) => {
      child.output += chunk;
    });
    return child;
  };
  const initdb = start("initdb", [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ]);
  const [code] = await once(initdb, "close");
  if (code !== 0) throw new Error(`initdb failed: ${initdb.output}`);

  const server = start("postgres", ["-D", data, "-k", folder, "-c", "listen_addresses=", "-F"]);
  const closed = once(server, "close");
  const kill = () => server.kill("SIGQUIT");
  process.on("exit", kill);
  await new Promise((resolve, reject) => {
    server.stderr.on("data", () => {
      if (server.output.includes("ready to accept connections")) resolve();
    });
    closed.then(() => reject(new Error(`postgres ended: ${server.output}`)));
  });

  const pools = [];
  return {
    pool(options) {
      const pool = new pg.Pool({ host: folder, user: "postgres", database: "postgres", ...options });
      pool.on("error", () => {});
      pools.push(pool);
      return pool;
    },
    async remove() {
      await Promise.all(pools.map((pool) => pool.end()));
      kill();
      await closed;
      process.off("exit", kill);
      await rm(folder, { recursive: true });
    },
  };
}
