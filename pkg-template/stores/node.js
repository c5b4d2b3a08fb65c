import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { MeshyError } from "../core/index.js";
import { holdLock } from "./file-lock.js";
import { ifThere, syncFolder, Versions } from "./file-versions.js";
import { watchFolder } from "./file-watch.js";

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

function refuse(path, what) {
  throw new MeshyError({ code: "invalid_argument", argument: "path", retryable: false }, `${path} ${what}`);
}

/** On platforms with owners and modes, only files of this user are trusted. */
function checkOwner({ uid, mode }, path) {
  if (!process.getuid) return;
  if (uid !== process.getuid()) refuse(path, "belongs to another user");
  if (mode & 0o077) refuse(path, "is open to other users: its mode must be 0700 for a folder, 0600 for a file");
}

/** Whether the folder is there. */
async function isFolder(path) {
  const found = await ifThere(lstat(path));
  if (!found) return false;
  if (found.isSymbolicLink()) refuse(path, "is a symbolic link");
  if (!found.isDirectory()) refuse(path, "is no folder");
  checkOwner(found, path);
  return true;
}

async function makeFolder(folder) {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!first) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made)).catch(() => {});
  }
}

/** One line of JSON with a checksum, which shows whether a file is complete and of this key. */
function fileText(key, value) {
  const sum = sha256(JSON.stringify([key, value]));
  return `${JSON.stringify({ "meshydb-client": 1, sha256: sum, key, value })}\n`;
}

function valueIn(text, key, path) {
  try {
    const { value } = JSON.parse(text);
    if (text === fileText(key, value)) return value;
  } catch {}
  throw new MeshyError({ code: "unsupported", retryable: false }, `${path} is damaged, or not of this store`);
}

/** The value in a file; undefined if the file is gone. */
async function readValue(path, key) {
  const handle = await ifThere(open(path, READ_ONLY)).catch((error) => {
    if (error.code === "ELOOP") refuse(path, "is a symbolic link");
    if (error.code === "ENXIO") refuse(path, "is no file");
    throw error;
  });
  if (!handle) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) refuse(path, "is no file");
    checkOwner(found, path);
    return valueIn(await handle.readFile("utf8"), key, path);
  } finally {
    await handle.close();
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

  constructor(path) {
    this.#path = path;
    if (process.platform === "win32") this.lock = undefined;
  }

  async read(key) {
    if (!(await isFolder(this.#path)) || !(await isFolder(this.#folder(key)))) return null;
    return (await this.#last(key)).value;
  }

  async compareAndSet(key, expected, next) {
    for (;;) {
      await this.#makeFolder(key);
      const { number, value } = await this.#last(key);
      if (value !== expected) return false;
      const make = (path) => writeFile(path, fileText(key, next));
      if (await this.#versions(key, "session").add(number, make)) return true;
    }
  }

  async lock(key, signal, run) {
    await this.#makeFolder(key);
    return holdLock(this.#versions(key, "lock"), signal, run);
  }

  watch(key, changed) {
    const versions = this.#versions(key, "session");
    return watchFolder(this.#folder(key), (file) => {
      if (!file || versions.isLast(file)) changed();
    });
  }

  #folder(key) {
    return join(this.#path, sha256(key).slice(0, 24));
  }

  #versions(key, name) {
    return new Versions(this.#folder(key), name);
  }

  async #makeFolder(key) {
    await isFolder(this.#path);
    await makeFolder(this.#folder(key));
    await isFolder(this.#folder(key));
  }

  async #last(key) {
    const versions = this.#versions(key, "session");
    for (;;) {
      const number = await versions.last();
      const value = number === 0 ? null : await readValue(versions.path(number), key);
      if (value !== undefined) return { number, value };
    }
  }
}

export function fileStore(path) {
  if (typeof path !== "string" || !path || path.includes("\0"))
    refuse("path", "must be that of a folder, without a NUL");
  return new FileStore(resolve(path));
}
