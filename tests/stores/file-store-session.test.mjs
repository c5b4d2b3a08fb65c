import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, describe, test } from "node:test";
import { fileStore } from "../../pkg/node.js";
import { entryUrl, expired, server, start } from "../shared/client.mjs";
import { startOAuth2Server } from "../shared/oauth2-server.mjs";
import { run } from "../shared/processes.mjs";
import { Time } from "../shared/time.mjs";
import { rejection, stayAlive } from "../shared/waiting.mjs";
import { scratch } from "./file-store-holder.mjs";

after(stayAlive());

const nodeUrl = new URL("../../pkg/node.js", import.meta.url).href;

/** A module that restores the session in the store and then does what the body says. */
function restoring(path, options, body) {
  return `
    import { initialize } from ${JSON.stringify(entryUrl)};
    import { fileStore } from ${JSON.stringify(nodeUrl)};
    const persistence = fileStore(${JSON.stringify(path)});
    const client = await initialize("demo", "demo-key", { persistence, ...${options} });
    const connection = await client.restore();
    ${body}
  `;
}

function startModule(source) {
  return spawn(process.execPath, ["--input-type=module", "--eval", source], { stdio: ["pipe", "pipe", "inherit"] });
}

describe("processes that share a file store", () => {
  test("make one request at one expiry, eight of them, and have the same token", async (t) => {
    const path = await scratch(t);
    const oauth = await startOAuth2Server({ clientId: "demo-key", users: { alice: "pw" } });
    t.after(() => oauth.close());
    const options = { tokenEndpoint: `${oauth.url}/token` };
    const connection = await start({ persistence: fileStore(path), fetch, ...options }).login("alice", "pw");
    const rejected = await connection.getAccessToken();
    const children = Array.from({ length: 8 }, () =>
      startModule(
        restoring(
          path,
          JSON.stringify(options),
          `
          console.log("ready");
          for await (const _ of process.stdin) break;
          console.log(await connection.getAccessToken({ rejected: ${JSON.stringify(rejected)} }));
          `,
        ),
      ),
    );
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    for (const child of children) child.stdin.end("go");
    const tokens = await Promise.all(children.map((child) => text(child.stdout)));
    assert.equal(new Set(tokens).size, 1);
    assert.match(tokens[0], /^[^\s]{20,}\n$/);
    assert.notEqual(tokens[0].trim(), rejected);
    assert.deepEqual(oauth.grants, [
      ["password", 200],
      ["refresh_token", 200],
    ]);
    assert.equal(`${await connection.getAccessToken({ rejected })}\n`, tokens[0]);
    await connection.signout();
    for (const file of filesIn(path)) assert.doesNotMatch(file, /_token":"/);
  });

  test("go on at once when one is killed while it refreshes", async (t) => {
    const path = await scratch(t);
    await expired({ persistence: fileStore(path) });
    const fetch = '{ timeout: 60_000, fetch() { console.log("sending"); return new Promise(() => {}); } }';
    const child = startModule(
      restoring(path, fetch, "setInterval(() => {}, 1_000); await connection.getAccessToken();"),
    );
    await once(child.stdout, "data");
    const connection = await start({ persistence: fileStore(path), timeout: 60_000 }).restore();
    const time = new Time();
    t.after(() => time.restore());
    const call = connection.getAccessToken();
    child.kill("SIGKILL");
    assert.match(await call, /-alice-2/);
    assert.equal(server.count("refresh_token"), 1);
  });

  test("exit by themselves, with a session, a watcher, and a lock that is held and one that is waited for", async (t) => {
    const path = await scratch(t);
    await start({ persistence: fileStore(path) }).login("alice", "pw");
    const source = restoring(
      path,
      "{}",
      `
      client.subscribe(() => {});
      connection.subscribe(() => {});
      const { signal } = new AbortController();
      persistence.watch("other", () => {});
      await new Promise((held) => {
        persistence.lock("other", signal, () => {
          held();
          return new Promise(() => {});
        });
      });
      fileStore(${JSON.stringify(path)}).lock("other", signal, async () => {});
      console.log(await connection.getAccessToken());
      `,
    );
    const { code, stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", source]);
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "at-canary-alice-1\n", stderr: "" });
  });

  test("hear of a sign-out", async (t) => {
    const path = await scratch(t);
    const connection = await start({ persistence: fileStore(path) }).login("alice", "pw");
    const other = await start({ persistence: fileStore(path) }).restore();
    const ended = new Promise((resolve) => {
      other.subscribe(() => other.getSnapshot().state === "ended" && resolve());
    });
    await connection.signout();
    await ended;
    assert.equal(other.getSnapshot().error.reason, "signed_out");
  });
});

function filesIn(path) {
  const [folder] = readdirSync(path);
  return readdirSync(join(path, folder))
    .filter((name) => name.startsWith("session"))
    .map((name) => readFileSync(join(path, folder, name), "utf8"));
}

const isRoot = process.getuid?.() === 0;

/** A file system of its own, of 64 KiB, if this user and this machine can have one. */
function smallDisk(path) {
  try {
    mkdirSync(path);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", path], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

describe("where the disk", () => {
  let disk;
  afterEach(() => {
    if (disk) execFileSync("umount", ["--lazy", disk]);
    disk = undefined;
  });

  /** Breaks the disk after a session was stored on it, and sees what becomes of that. */
  async function outlives(path, message, breakIt, mendIt) {
    const persistence = fileStore(path);
    const { client, connection } = await expired({ persistence, timeout: 1_000 });
    const [before] = filesIn(path);
    const [folder] = readdirSync(path);
    const names = readdirSync(join(path, folder));
    breakIt();
    const { key, value } = JSON.parse(before);
    const error = await rejection(persistence.compareAndSet(key, value, `canary ${"x".repeat(100_000)}`));
    assert.match(error.message, message);
    assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary/);
    assert.equal(await persistence.read(key), value);
    assert.deepEqual(readdirSync(join(path, folder)), names);

    assert.match(await connection.getAccessToken(), /-alice-2/);
    assert.deepEqual(filesIn(path), [before]);
    assert.equal(client.getSnapshot().storage, "degraded");
    assert.notEqual(connection.getSnapshot().state, "ended");
    mendIt();
    const isWell = new Promise((resolve) => {
      client.subscribe(() => client.getSnapshot().storage === "ok" && resolve());
    });
    if (client.getSnapshot().storage !== "ok") await isWell;
    assert.match(filesIn(path)[0], /at-canary-alice-2/);
  }

  test("is full, the session goes on in memory and is stored when there is room again", async (t) => {
    const mount = await scratch(t);
    if (!smallDisk(mount)) return t.skip("no file system can be mounted here");
    disk = mount;
    const filler = join(mount, "filler");
    const fill = () => {
      const { bavail, bsize } = statfsSync(mount);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    };
    await outlives(join(mount, "store"), /cannot be used \(ENOSPC\): the disk is full: make room/, fill, () =>
      rmSync(filler),
    );
  });

  test("is read-only, the session goes on in memory and is stored when it is no more", async (t) => {
    const mount = await scratch(t);
    if (isRoot) {
      if (!smallDisk(mount)) return t.skip("no file system can be mounted here");
      disk = mount;
      const remount = (how) => execFileSync("mount", ["-o", `remount,${how}`, mount]);
      return outlives(
        join(mount, "store"),
        /cannot be used \(EROFS\): the disk is read-only: make it writable/,
        () => remount("ro"),
        () => remount("rw"),
      );
    }
    const change = (mode) => {
      const [folder] = readdirSync(mount);
      chmodSync(join(mount, folder), mode);
    };
    await outlives(
      mount,
      /cannot be used \(EACCES\): this user may not use it/,
      () => change(0o500),
      () => change(0o700),
    );
  });
});
