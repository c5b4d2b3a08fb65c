import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proxy as svelteState } from "svelte/internal/client";
import { start } from "../shared/client.mjs";
import { settled } from "../shared/waiting.mjs";

/** As simple as they come: every object that is read through it is a proxy, too. */
function deepProxy(value) {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, { get: (target, name, receiver) => deepProxy(Reflect.get(target, name, receiver)) });
}

for (const [what, wrap] of Object.entries({ "a plain deep proxy": deepProxy, "Svelte's $state": svelteState })) {
  describe(`through ${what}`, () => {
    test("a client and its connection work, and so do their methods by themselves", async () => {
      const kept = wrap({ client: await start(), connection: null });
      const { login, subscribe, trace, getSnapshot, restore, adopt, loginWithPersistance } = kept.client;
      let changes = 0;
      const stops = [subscribe(() => changes++), trace(() => {}), kept.client.subscribe(() => changes++)];
      kept.connection = await login("alice", "pw");
      const { getAccessToken, retrievePersistanceToken, signout } = kept.connection;
      assert.equal(await getAccessToken(), "at-canary-alice-1");
      assert.equal(getSnapshot().connection.getSnapshot().generation, 1);
      await loginWithPersistance(retrievePersistanceToken());
      await adopt({ access_token: "other", token_type: "Bearer", refresh_token: "other" });
      assert.equal(await restore(), null);
      await signout();
      await settled();
      assert.equal(kept.connection.getSnapshot().state, "ended");
      assert.ok(changes > 1);
      for (const stop of stops) stop();
      kept.connection[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
      kept.client[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
      assert.throws(() => getSnapshot(), { code: "aborted" });
    });
  });
}
