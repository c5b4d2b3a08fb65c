import { once } from "node:events";
import { lstat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { ifThere } from "./file-versions.js";

/** The longest path, in bytes, that a socket can have on every system. */
const LONGEST_PATH = 103;

function checkAddress(path) {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw new Error(`${path} is too long for a socket`);
}

/** A socket whose listening shows that its holder is alive. The kernel closes it with the process or worker. */
class Presence {
  #server = createServer();
  #others = new Set();

  constructor() {
    this.#server.unref();
    this.#server.on("connection", (socket) => {
      this.#others.add(socket);
      socket.unref();
      socket.on("error", () => {});
      socket.on("close", () => this.#others.delete(socket));
      socket.resume();
    });
  }

  async begin(path) {
    checkAddress(path);
    this.#server.listen({ path, exclusive: true });
    await once(this.#server, "listening");
    this.#server.on("error", () => {});
  }

  end() {
    this.#server.close();
    for (const socket of this.#others) socket.destroy();
  }
}

/** Waits while a holder listens on the socket; says whether there was one. */
function absence(path, signal) {
  checkAddress(path);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let wasThere = false;
    const leave = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave);
    socket.unref();
    socket.resume();
    socket.on("connect", () => {
      wasThere = true;
    });
    socket.on("error", (error) => {
      if (error.code === "ECONNRESET") wasThere = true;
      else if (!wasThere && error.code !== "ECONNREFUSED" && error.code !== "ENOENT") reject(error);
    });
    socket.on("close", () => {
      signal.removeEventListener("abort", leave);
      resolve(wasThere);
    });
  });
}

/**
 * Holds an exclusive lock while `run` runs. Each holder adds a version, a socket on which it listens: the lock is free
 * when the last socket has no listener.
 */
export async function holdLock(versions, signal, run) {
  for (;;) {
    signal.throwIfAborted();
    const last = await versions.last();
    if (last > 0) {
      const found = await ifThere(lstat(versions.path(last)));
      if (!found) continue;
      if (!found.isSocket()) throw new Error(`${versions.path(last)} is no socket`);
      signal.throwIfAborted();
      if (await absence(versions.path(last), signal)) continue;
    }
    const presence = new Presence();
    try {
      if (await versions.add(last, (path) => presence.begin(path))) return await run();
    } finally {
      presence.end();
    }
  }
}
