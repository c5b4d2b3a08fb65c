import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, lstat, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

/** What a promise resolves to; undefined if the file or folder does not exist. */
export function ifThere(promise) {
  return promise.catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Whether a file is gone. A network's file system also says so of one that is open. */
export function isGone({ code }) {
  return code === "ENOENT" || code === "ESTALE";
}

/** Makes the names in a folder durable, where the platform and the file system can. */
export async function syncFolder(folder) {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (error.code !== "EINVAL" && error.code !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Files `<name>-1`, `<name>-2` … in a folder: the last one counts. A writer makes another aside, as
 * `<name>-<last>.<random>`, and links it to the next number. Then it removes first the files aside of earlier numbers, so
 * that they can be linked no more, and only then the earlier numbers. docs/design.md says why that is enough.
 */
export class Versions {
  #folder;
  #name;

  constructor(folder, name) {
    this.#folder = folder;
    this.#name = name;
  }

  path(number) {
    return join(this.#folder, `${this.#name}-${number}`);
  }

  /** The number in the name of a version, or of a file made aside on top of it. */
  numberOf(file) {
    const [, name, number, aside] = /^([a-z\d]+)-(0|[1-9]\d{0,14})(\.[\da-f]+)?$/.exec(file) ?? [];
    return name === this.#name ? { number: Number(number), isAside: aside !== undefined } : undefined;
  }

  /** Whether a file is or was a version, and none has come after it. */
  isLast(file) {
    const { number, isAside = true } = this.numberOf(file) ?? {};
    return !isAside && !existsSync(this.path(number + 1));
  }

  /** The last number; 0 if there is none. */
  async last() {
    const { versions } = await this.#list();
    return versions.at(-1) ?? 0;
  }

  /** Makes a file by `make(path)` and links it to the number after `last`; says whether that was still the last one. */
  async add(last, make) {
    const aside = `${this.path(last)}.${randomBytes(4).toString("hex")}`;
    try {
      await make(aside);
      const isLast = (await this.last()) === last;
      if (isLast) await link(aside, this.path(last + 1));
      else await unlink(aside);
      if (!isLast) return false;
      await syncFolder(this.#folder);
    } catch (error) {
      await unlink(aside).catch(() => {});
      if (error.code === "EEXIST" || isGone(error)) return false;
      throw error;
    }
    await this.#clean(last + 1).catch(() => {});
    return true;
  }

  /** Removes what others whose names begin in the same way have not touched for so many milliseconds. */
  async removeOld(beginning, age) {
    for (const file of await readdir(this.#folder)) {
      if (!file.startsWith(beginning) || this.numberOf(file)) continue;
      const path = join(this.#folder, file);
      if (Date.now() - (await lstat(path)).mtimeMs > age) await unlink(path);
    }
  }

  /** Stops at the first removal that fails, since the order matters. The next writer continues from there. */
  async #clean(added) {
    const { asides, versions } = await this.#list();
    for (const { file, number } of asides) if (number < added) await ifThere(unlink(join(this.#folder, file)));
    for (const number of versions) if (number < added) await ifThere(unlink(this.path(number)));
  }

  async #list() {
    const asides = [];
    const versions = [];
    for (const file of (await ifThere(readdir(this.#folder))) ?? []) {
      const found = this.numberOf(file);
      if (found?.isAside) asides.push({ file, number: found.number });
      else if (found) versions.push(found.number);
    }
    return { asides, versions: versions.sort((one, other) => one - other) };
  }
}
