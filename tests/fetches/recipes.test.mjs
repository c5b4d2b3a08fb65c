import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { startBetterAuth } from "../shared/better-auth.mjs";
import { rejects } from "../shared/client.mjs";
import { filesIn } from "../shared/projects.mjs";
import { startSimpleJwt } from "../shared/simplejwt.mjs";
import { LockedStore } from "../shared/stores.mjs";
import { startSupabase } from "../shared/supabase.mjs";

const files = Object.assign({}, ...Object.values(filesIn("docs/json.md")));
const folder = mkdtempSync(join(tmpdir(), "meshydb-client-"));
after(() => rmSync(folder, { recursive: true }));

/** The document's file as a module, with the server at `url` in place of `address`. */
function load(file, address, url) {
  assert.ok(files[file].includes(address));
  const placed = files[file]
    .replaceAll(address, url)
    .replace(
      /"meshydb-client(\/json)?"/g,
      (_, entry) => `"${new URL(`../../pkg${entry ?? "/index"}.js`, import.meta.url)}"`,
    );
  const path = join(folder, file.replace(/js$/, "mjs"));
  writeFileSync(path, placed);
  return import(pathToFileURL(path));
}

/** A browser says of which page a request is; Better Auth asks for that. */
async function asPageOf(url, run) {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("origin", url);
    return fetch(input, { ...init, headers });
  };
  try {
    return await run();
  } finally {
    globalThis.fetch = fetch;
  }
}

for (const { file, address, start, login, refresh, revoke, me, isRotating } of [
  {
    file: "simplejwt.js",
    address: "https://api.example",
    start: startSimpleJwt,
    login: "POST /api/token/",
    refresh: "POST /api/token/refresh/",
    revoke: "POST /api/token/blacklist/",
    me: ["me", undefined, { username: "alice" }],
    isRotating: true,
  },
  {
    file: "better-auth.js",
    address: "https://app.example",
    start: startBetterAuth,
    login: "POST /api/auth/sign-in/email",
    refresh: "GET /api/auth/token",
    revoke: "POST /api/auth/sign-out",
    me: ["me", undefined, { email: "alice@example.com" }],
    isRotating: false,
  },
  {
    file: "supabase.js",
    address: "https://project.supabase.co",
    start: startSupabase,
    login: "POST /auth/v1/token?grant_type=password",
    refresh: "POST /auth/v1/token?grant_type=refresh_token",
    revoke: "POST /auth/v1/logout?scope=local",
    me: ["auth/v1/user", { headers: { apikey: "sb_publishable_key" } }, { email: "alice@example.com" }],
    isRotating: true,
  },
]) {
  describe(`${file} of docs/json.md`, () => {
    let server;
    let recipe;
    before(async () => {
      server = await start();
      recipe = await load(file, address, server.url);
    });
    after(() => server.close());

    const playing = (run) => () => asPageOf(server.url, run);
    const signedIn = async (client) => client.login(server.user.username ?? server.user.email, server.user.password);
    const signOut = (connection) => recipe.signOut?.(connection) ?? connection.signout();
    const seen = async () => (await server.answers()).filter((answer) => answer !== "GET /api/auth/get-session 200");
    const count = async (what) => (await seen()).filter((answer) => answer === `${what} 200`).length;

    test(
      "signs in, is restored, and is refreshed once for all who share a store",
      playing(async () => {
        const persistence = new LockedStore();
        const connection = await signedIn(await recipe.open(persistence));
        const [path, init, expected] = me;
        assert.deepEqual(await (await connection.fetch(path, init)).json(), expected);
        const others = await Promise.all(
          Array.from({ length: 8 }, async () => (await recipe.open(persistence)).restore()),
        );
        const before = await count(refresh);
        const rejected = await connection.getAccessToken();
        const renewed = await Promise.all(others.map((other) => other.getAccessToken({ rejected })));
        assert.equal(new Set(renewed).size, 1);
        assert.equal((await count(refresh)) - before, 1);
        assert.equal(await count(login), 1);
        const { expiresAt } = connection.getSnapshot();
        assert.ok(expiresAt > Date.now() + 60_000, "its lifetime is known");
        if (isRotating) assert.notEqual(renewed[0], rejected);
      }),
    );

    test(
      "signs out at the server, whose refusal of the refresh token ends a session",
      playing(async () => {
        const kept = new LockedStore();
        const connection = await signedIn(await recipe.open(kept));
        const refreshToken = connection.retrievePersistanceToken();
        const ended = await signedIn(await recipe.open(new LockedStore()));
        const endedToken = ended.retrievePersistanceToken();
        await signOut(ended);
        assert.ok((await seen()).some((answer) => answer.startsWith(revoke)));
        const client = await recipe.open(new LockedStore());
        await rejects(client.loginWithPersistance(endedToken), { code: "invalid_grant" });
        assert.equal(connection.getSnapshot().state, "active");
        assert.ok(refreshToken);
      }),
    );

    test(
      "says that a password is refused",
      playing(async () => {
        const client = await recipe.open(new LockedStore());
        const name = server.user.username ?? server.user.email;
        const error = await rejects(client.login(name, "wrong"), { code: "invalid_grant" });
        assert.ok(error.error_description, "with the server's words");
      }),
    );
  });
}
