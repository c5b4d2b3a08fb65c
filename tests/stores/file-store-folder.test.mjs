import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { describe, test } from "node:test";
import { MeshyError } from "../../pkg/index.js";
import { fileStore } from "../../pkg/node.js";
import { rejection } from "../shared/waiting.mjs";
import { scratch } from "./file-store-holder.mjs";

const secret = "rt-canary";
const key = "key-canary";
const mode = (path) => (lstatSync(path).mode & 0o777).toString(8);

/** Every file in the folder and below it. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** The path of a store that holds one text, and that of its file. */
async function written(t) {
  const path = await scratch(t);
  assert.equal(await fileStore(path).compareAndSet(key, null, secret), true);
  const [file] = filesIn(path);
  return { path, file };
}

async function refuses(path, expected) {
  const store = fileStore(path);
  const calls = [
    () => store.read(key),
    () => store.compareAndSet(key, null, secret),
    () => store.compareAndSet(key, secret, null),
  ];
  for (const call of calls) {
    const error = await rejection(call());
    assert.ok(error instanceof MeshyError, String(error));
    const { code, argument, message } = error;
    assert.deepEqual({ code, argument }, { code: "invalid_argument", argument: "path", ...expected.members });
    assert.match(message, expected.message);
    assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary/);
  }
}

describe("the folder of a file store", () => {
  test("is made when it is first written, with what is above it, for this user alone", async (t) => {
    const path = join(await scratch(t), "a", "b");
    const store = fileStore(path);
    assert.equal(await store.read(key), null);
    assert.equal(existsSync(dirname(path)), false);
    const umask = process.umask(0);
    t.after(() => process.umask(umask));
    await store.compareAndSet(key, null, secret);
    await store.lock(key, new AbortController().signal, async () => {});
    const folders = [dirname(path), path, ...readdirSync(path).map((name) => join(path, name))];
    assert.deepEqual(folders.map(mode), ["700", "700", "700"]);
    const files = filesIn(path).filter((file) => lstatSync(file).isFile());
    assert.deepEqual(files.map(mode), ["600"]);
  });

  test("shows no key in its names, and one text in each file, as JSON", async (t) => {
    const { path, file } = await written(t);
    assert.match(file.slice(path.length), /^\/[\da-f]{24}\/session-1$/);
    const { "meshydb-client": format, sha256, reach, ...rest } = JSON.parse(readFileSync(file, "utf8"));
    assert.deepEqual([format, rest], [1, { key, value: secret }]);
    assert.match(sha256, /^[\da-f]{64}$/);
    assert.match(reach, /^[\da-f]{24}$/);
  });

  test("keeps the last text alone, and after its removal none", async (t) => {
    const { path } = await written(t);
    const store = fileStore(path);
    for (let count = 0; count < 100; count++) {
      const before = count ? `${secret}-${count - 1}` : secret;
      assert.equal(await store.compareAndSet(key, before, `${secret}-${count}`), true);
      const texts = filesIn(path).map((file) => readFileSync(file, "utf8"));
      assert.equal(texts.length, 1);
      assert.deepEqual(texts[0].match(/rt-canary-\d+/g), [`${secret}-${count}`]);
    }
    await store.compareAndSet(key, `${secret}-99`, null);
    const texts = filesIn(path).map((file) => readFileSync(file, "utf8"));
    assert.equal(texts.length, 1);
    assert.doesNotMatch(texts[0], /rt-/);
    assert.equal(await store.read(key), null);
  });

  test("loses what a killed writer has left in it to the next that writes", async (t) => {
    const { path, file } = await written(t);
    for (const name of ["session-0.0123abcd", "session-1.deadbeef"]) {
      writeFileSync(join(dirname(file), name), secret, { mode: 0o600 });
    }
    await fileStore(path).compareAndSet(key, secret, "next");
    const names = () => readdirSync(dirname(file)).sort();
    assert.deepEqual(names(), ["session-2"]);
    const lock = () => fileStore(path).lock(key, new AbortController().signal, async () => {});
    await lock();
    const [held] = names();
    assert.match(held, /^lock[\da-f]{8}-1$/);
    writeFileSync(join(dirname(file), held.replace("-1", "-1.00000000")), "");
    await lock();
    assert.deepEqual(names(), [held.replace("-1", "-2"), "session-2"]);
  });

  test("may be removed at any time", async (t) => {
    const { path } = await written(t);
    const store = fileStore(path);
    rmSync(path, { recursive: true });
    assert.equal(await store.read(key), null);
    assert.equal(await store.compareAndSet(key, secret, "next"), false);
    assert.equal(await store.compareAndSet(key, null, "again"), true);
    assert.equal(await store.read(key), "again");
  });

  test("is resolved once, from where the process was then", async (t) => {
    const path = await scratch(t);
    mkdirSync(path, { mode: 0o700 });
    const cwd = process.cwd();
    t.after(() => process.chdir(cwd));
    process.chdir(path);
    const store = fileStore("relative");
    process.chdir(cwd);
    await store.compareAndSet(key, null, secret);
    assert.ok(existsSync(join(path, "relative")));
  });

  for (const [what, name] of Object.entries({
    "dots, blanks and quotes": " .. 'a' \"b\" $HOME * ",
    "a line end": "a\nb",
    "what a URL would escape": "a%2F..%2Fb?c#d",
    "other scripts": "å 你好 🙂",
    "a long name": "x".repeat(200),
  })) {
    test(`may have a name of ${what}`, async (t) => {
      const path = join(await scratch(t), name);
      await fileStore(path).compareAndSet(key, null, secret);
      assert.equal(await fileStore(resolve(path)).read(key), secret);
      assert.equal(filesIn(path).length, 1);
    });
  }
});

describe("a file store refuses", () => {
  for (const path of [undefined, null, "", 7, {}, ["a"], "a\0b", new URL("file:///tmp/a"), Buffer.from("a")]) {
    test(`the path ${JSON.stringify(path)}, at once`, () => {
      assert.throws(
        () => fileStore(path),
        (error) => error instanceof MeshyError && error.code === "invalid_argument" && error.argument === "path",
      );
    });
  }

  const changes = {
    "a path that is a file": [
      /is no folder/,
      ({ path }) => [rmSync(path, { recursive: true }), writeFileSync(path, "")],
    ],
    "a folder that is open to others": [/open to other users/, ({ path }) => chmodSync(path, 0o750)],
    "a symbolic link to the folder": [/is a symbolic link/, ({ path }) => relink(path)],
    "a symbolic link to nothing": [
      /is a symbolic link/,
      ({ path }) => [rmSync(path, { recursive: true }), symlinkSync("nothing", path)],
    ],
    "a key's folder that is a symbolic link": [/is a symbolic link/, ({ file }) => relink(dirname(file))],
    "a key's folder that is open to others": [/open to other users/, ({ file }) => chmodSync(dirname(file), 0o701)],
    "a file that is open to others": [/session-1 is open to other users/, ({ file }) => chmodSync(file, 0o640)],
    "a file that is a symbolic link": [/session-1 is a symbolic link/, ({ file }) => relink(file)],
    "a file that is a folder": [/session-1 is no file/, ({ file }) => [rmSync(file), mkdirSync(file, { mode: 0o700 })]],
    "a file that is a pipe": [/session-1 is no file/, ({ file }) => [rmSync(file), execFileSync("mkfifo", [file])]],
  };
  function relink(path) {
    renameSync(path, `${path}.moved`);
    symlinkSync(`${path}.moved`, path);
  }
  for (const [what, [message, change]] of Object.entries(changes)) {
    test(`${what}, and writes nothing`, async (t) => {
      const places = await written(t);
      change(places);
      const before = filesIn(dirname(places.path));
      await refuses(places.path, { message });
      assert.deepEqual(filesIn(dirname(places.path)), before);
    });
  }

  test("a symbolic link also where its path ends in a slash", async (t) => {
    const { path } = await written(t);
    relink(path);
    await refuses(`${path}/`, { message: /is a symbolic link/ });
  });

  test("a file that is a socket", async (t) => {
    const { path, file } = await written(t);
    rmSync(file);
    const server = createServer().listen(file);
    t.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    await refuses(path, { message: /session-1 is no file/ });
  });

  for (const [what, of] of Object.entries({
    folder: ({ path }) => path,
    "key's folder": ({ file }) => dirname(file),
    file: ({ file }) => file,
  })) {
    const skip = process.getuid?.() === 0 ? false : "only root can give a file to somebody else";
    test(`a ${what} of another user`, { skip }, async (t) => {
      const places = await written(t);
      chownSync(of(places), 65_534, 65_534);
      await refuses(places.path, { message: /belongs to another user/ });
    });
  }
});

describe("a file store that finds", () => {
  const members = { code: "unsupported", argument: undefined };
  const message = /session-1 is damaged, or not of this store: remove it/;
  const changes = {
    "an empty file": (file) => truncateSync(file),
    "a file that was cut": (file) => truncateSync(file, statSync(file).size - 5),
    "a file that lacks its last byte": (file) => truncateSync(file, statSync(file).size - 1),
    "a file with more in it": (file) => appendFileSync(file, "\n"),
    "another text in the file": (file) =>
      writeFileSync(file, readFileSync(file, "utf8").replace(secret, secret.toUpperCase())),
    "a file of another key": (file) => {
      const other = readdirSync(dirname(dirname(file))).find((name) => !file.includes(name));
      copyFileSync(join(dirname(dirname(file)), other, "session-1"), file);
    },
    "a file of another format": (file) =>
      writeFileSync(file, readFileSync(file, "utf8").replace('"meshydb-client":1', '"meshydb-client":2')),
    "what is no JSON": (file) => writeFileSync(file, `refresh_token=${secret}`),
    "no UTF-8": (file) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0xfd])),
    "no text": (file) => writeFileSync(file, "null"),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`${what} says so, shows nothing of it and leaves it alone`, async (t) => {
      const { path, file } = await written(t);
      await fileStore(path).compareAndSet("another", null, secret);
      change(file);
      const before = readFileSync(file);
      await refuses(path, { message, members });
      assert.deepEqual(readFileSync(file), before);
      assert.deepEqual(readdirSync(dirname(file)), ["session-1"]);
    });
  }

  test("files that are not its own leaves them alone", async (t) => {
    const { path, file } = await written(t);
    const names = ["README", "session-x", "session-007", "session-9.txt", "session-1e3", ".session-9", "session-9~"];
    for (const name of names) writeFileSync(join(dirname(file), name), "mine", { mode: 0o666 });
    assert.equal(await fileStore(path).read(key), secret);
    assert.equal(await fileStore(path).compareAndSet(key, secret, "next"), true);
    assert.deepEqual(readdirSync(dirname(file)).sort(), [...names, "session-2"].sort());
  });
});
