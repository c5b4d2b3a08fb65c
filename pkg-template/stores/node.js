import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { failure, notMade, refuse, tooLate, unsupported } from "./file-errors.js";
import { takeLock, takeName } from "./file-lock.js";
import { reachOf } from "./file-reach.js";
import { ifThere, isGone, syncFolder, Versions } from "./file-versions.js";
import { watchFolder } from "./file-watch.js";

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Milliseconds, and how many times as long an operation may take: less than a session waits, so that it hears why. */
const TURN = 50;
const TURNS = 18;

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** On platforms with owners and modes, only files of this user are trusted. */
function checkOwner({ uid, mode }, path) {
  if (!process.getuid) return;
  if (Number(uid) !== process.getuid()) refuse(path, "belongs to another user: choose a folder of this user's own");
  if (Number(mode) & 0o077)
    refuse(path, "is open to other users: its mode must be 0700 for a folder, 0600 for a file (chmod -R go= does it)");
}

/** What the system knows of a folder; undefined if it is not there. */
async function findFolder(path) {
  const found = await ifThere(lstat(path, { bigint: true }));
  if (!found) return undefined;
  if (found.isSymbolicLink()) refuse(path, "is a symbolic link: choose the folder that it leads to");
  if (!found.isDirectory()) refuse(path, "is no folder: choose another path, or move away what is there");
  checkOwner(found, path);
  return found;
}

/** Makes a folder, and those above it. Not by `recursive`, which in some places tries for ever. */
async function makeFolder(folder) {
  const make = async () => {
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(dirname(folder)).catch(() => {});
  };
  try {
    await make().catch(async (error) => {
      if (error.code !== "ENOENT" || dirname(folder) === folder) throw error;
      await makeFolder(dirname(folder));
      await make();
    });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
}

/** One line of JSON with a checksum, which shows whether a file is complete and of this key. */
function fileText(key, reach, value) {
  const sum = sha256(JSON.stringify([key, reach, value]));
  return `${JSON.stringify({ "meshydb-client": 1, sha256: sum, key, reach, value })}\n`;
}

/** Whoever holds a lock takes claims that were made under it for those of the dead. Where it does not reach, they are not under it. */
function asSeenFrom(reach, { reach: of, value }) {
  return value === null || (reach && reach === of) ? value : value.replaceAll('"claim_locked":1', '"claim_locked":0');
}

function contentOf(text, key, path) {
  try {
    const { reach, value } = JSON.parse(text);
    if (text === fileText(key, reach, value)) return { reach, value };
  } catch {}
  throw unsupported(`${path} is damaged, or not of this store: remove it, and sign in again`);
}

/** What is in a file; undefined if the file is gone. */
async function readContent(path, key) {
  try {
    const handle = await open(path, READ_ONLY);
    try {
      const found = await handle.stat();
      if (!found.isFile()) refuse(path, "is no file: remove it");
      checkOwner(found, path);
      return contentOf(await handle.readFile("utf8"), key, path);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error.code === "ELOOP") refuse(path, "is a symbolic link: remove it");
    if (error.code === "ENXIO") refuse(path, "is no file: remove it");
    if (!isGone(error)) throw error;
  }
}

async function writeFile(path, text) {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class FileStore {
  #path;
  /** What was given up, and has not come to an end. */
  #hanging = new Set();

  constructor(path) {
    this.#path = path;
  }

  read(key) {
    return this.#ask(async (signal) => {
      const found = (await findFolder(this.#path)) && (await findFolder(this.#folder(key)));
      return found ? (await this.#last(key, await reachOf(found), signal)).value : null;
    });
  }

  compareAndSet(key, expected, next) {
    return this.#ask(async (signal) => {
      for (;;) {
        const reach = await reachOf(await this.#makeFolder(key, signal));
        const { number, value } = await this.#last(key, reach, signal);
        if (value !== expected) return false;
        const make = (path) => writeFile(path, fileText(key, reach ?? null, next));
        if (await this.#versions(key, "session").add(number, make)) return true;
      }
    });
  }

  async lock(key, signal, run) {
    const giveBack = await this.#take(key, signal).catch((error) => {
      throw failure(this.#path, error);
    });
    try {
      return await run();
    } finally {
      giveBack();
    }
  }

  /** Begins once the disk answers, since a watcher is made while nothing else runs. What was written meanwhile is heard of. */
  watch(key, changed) {
    const versions = this.#versions(key, "session");
    const last = () => versions.last().catch(() => {});
    let isStopped = false;
    let stop = () => {};
    const begin = (before) => {
      if (isStopped) return;
      stop = watchFolder(this.#folder(key), (file) => {
        if (!file || versions.isLast(file)) changed();
      });
      last().then((now) => {
        if (now !== before && !isStopped) changed();
      });
    };
    last().then(begin);
    return () => {
      isStopped = true;
      stop();
    };
  }

  #folder(key) {
    return join(this.#path, sha256(key).slice(0, 24));
  }

  #versions(key, name) {
    return new Versions(this.#folder(key), name);
  }

  /** What the system knows of a key's folder, which is made if it is not there. */
  async #makeFolder(key, signal) {
    const path = this.#folder(key);
    await findFolder(this.#path);
    for (;;) {
      const found = await findFolder(path);
      if (found) return found;
      signal.throwIfAborted();
      await makeFolder(path).catch((error) => {
        throw notMade(this.#path, error);
      });
    }
  }

  async #last(key, reach, signal) {
    const versions = this.#versions(key, "session");
    for (;;) {
      signal.throwIfAborted();
      const number = await versions.last();
      if (number === 0) return { number, value: null };
      const content = await readContent(versions.path(number), key);
      if (content) return { number, value: asSeenFrom(reach, content) };
    }
  }

  async #take(key, signal) {
    const ask = (run) => this.#ask(run);
    const reach = await ask(async (late) => reachOf(await this.#makeFolder(key, late)));
    if (!reach) throw unsupported("there is no lock: the system does not tell its boots apart");
    if (process.platform === "win32") return takeName(`\\\\.\\pipe\\meshydb-client-${reach}`, signal);
    return takeLock(this.#versions(key, `lock${reach.slice(0, 8)}`), signal, ask);
  }

  /**
   * What `run` comes to, if it does so in time. Time passes in turns, so that a process that stood still, or seldom has the
   * processor, first hears what came meanwhile. While what was given up goes on, nothing more is begun: it has threads of the whole process.
   */
  async #ask(run) {
    if (this.#hanging.size) throw tooLate(this.#path);
    const controller = new AbortController();
    const { signal } = controller;
    const running = run(signal);
    let timer;
    const wait = (turns) => {
      timer = setTimeout(() => (turns > 1 ? wait(turns - 1) : giveUp()), TURN).unref();
    };
    const giveUp = () => {
      this.#hanging.add(running);
      controller.abort(tooLate(this.#path));
    };
    wait(TURNS);
    const end = () => {
      clearTimeout(timer);
      this.#hanging.delete(running);
    };
    running.then(end, end);
    const late = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    try {
      return await Promise.race([running, late]);
    } catch (error) {
      throw failure(this.#path, error);
    }
  }
}

export function fileStore(path) {
  if (typeof path !== "string" || !path || path.includes("\0"))
    refuse("path", "must be that of a folder, without a NUL");
  return new FileStore(resolve(path));
}
