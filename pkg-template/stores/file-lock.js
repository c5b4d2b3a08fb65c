import { once } from "node:events";
import { lstat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { unsupported } from "./file-errors.js";
import { ifThere } from "./file-versions.js";

/** The longest path, in bytes, that a socket can have on every system. */
const LONGEST_PATH = 103;
/** Milliseconds for which what other kernels have locked is kept: some of them are this one's earlier boots. */
const KEPT = 30 * 24 * 60 * 60 * 1_000;
/** Milliseconds until a name is tried again that is taken, though nobody listens. */
const PAUSE = 50;

function checkAddress(path) {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw unsupported(`${path} is too long for a socket: choose a shorter path, or claims are waited out`);
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

/** Whether somebody listens on the socket. */
function isReached(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (isThere) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on("connect", () => answer(true));
    socket.on("error", () => answer(false));
  });
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
 * Takes an exclusive lock, and returns what gives it back. Each holder adds a version, a socket on which it listens: the
 * lock is free when the last socket has no listener. Each step but the wait for a holder goes through `ask`. Some file systems
 * have another socket under each of its names: no lock is had that its own holder does not see.
 */
export async function takeLock(versions, signal, ask) {
  for (;;) {
    signal.throwIfAborted();
    const last = await ask(() => versions.last());
    if (last > 0) {
      const found = await ask(() => ifThere(lstat(versions.path(last))));
      if (!found) continue;
      if (!found.isSocket()) throw unsupported(`${versions.path(last)} is no socket: remove it`);
      signal.throwIfAborted();
      if (await absence(versions.path(last), signal)) continue;
    }
    const presence = await ask((late) => addPresence(versions, last, late));
    if (!presence) continue;
    await ask(() => versions.removeOld("lock", KEPT)).catch(() => {});
    return () => presence.end();
  }
}

/** The next version's presence, where it was still the next, and not too late. */
async function addPresence(versions, last, late) {
  const presence = new Presence();
  let isSeen = false;
  try {
    if (!(await versions.add(last, (path) => presence.begin(path)))) return undefined;
    isSeen = (await isReached(versions.path(last + 1))) && !late.aborted;
  } finally {
    if (!isSeen) presence.end();
  }
  if (isSeen) return presence;
  throw unsupported(`${versions.path(last + 1)} is not reached: there is no lock on this file system`);
}

/** The same by a name that is the kernel's own, as that of a pipe in Windows is: who listens there has the lock. */
export async function takeName(name, signal) {
  for (;;) {
    signal.throwIfAborted();
    const presence = new Presence();
    try {
      await presence.begin(name);
      return () => presence.end();
    } catch (error) {
      if (error.code !== "EADDRINUSE") throw error;
    }
    if (!(await absence(name, signal))) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
