import { errors } from "./oidc-provider.mjs";

/**
 * What one provider has issued, in memory. `adapter` is what oidc-provider asks for, once for each model. For
 * `reuseWindow` seconds after its first use a refresh token is shown as one that was not used.
 */
export class TokenStore {
  #entries = new Map();
  #writes = 0;
  #reuseWindow;

  constructor(reuseWindow) {
    this.#reuseWindow = reuseWindow * 1000;
  }

  adapter(model) {
    const key = (id) => `${model}:${id}`;
    const window = model === "RefreshToken" ? this.#reuseWindow : 0;
    return {
      upsert: async (id, payload, expiresIn) => this.#put(key(id), payload, expiresIn, window),
      find: async (id) => this.#get(key(id)),
      findByUid: async (uid) => this.#findByUid(key(""), uid),
      destroy: async (id) => void this.#entries.delete(key(id)),
      consume: async (id) => this.#consume(key(id)),
      revokeByGrantId: async (grantId) => this.#revoke(grantId),
    };
  }

  #put(key, payload, expiresIn, window) {
    this.#entries.set(key, { payload, window, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
    this.#writes += 1;
    if (this.#writes % 1000 === 0) this.#sweep();
  }

  #get(key) {
    const entry = this.#entries.get(key);
    if (!entry || entry.expiresAt <= Date.now()) return undefined;
    return this.#isReusable(entry) ? { ...entry.payload, consumed: undefined } : entry.payload;
  }

  #findByUid(prefix, uid) {
    for (const [key, { payload }] of this.#entries) {
      if (key.startsWith(prefix) && payload.uid === uid) return this.#get(key);
    }
  }

  #isReusable({ usedAt, window }) {
    return Date.now() < usedAt + window;
  }

  // Two requests can both find a token unused before either marks it, so the second mark is a reuse too.
  #consume(key) {
    const payload = this.#get(key);
    if (!payload || payload.consumed) {
      if (payload) this.#revoke(payload.grantId);
      throw new errors.InvalidGrant("already used");
    }
    const entry = this.#entries.get(key);
    if (entry.usedAt) return;
    entry.usedAt = Date.now();
    entry.payload.consumed = Math.floor(entry.usedAt / 1000);
  }

  #revoke(grantId) {
    this.#entries.delete(`Grant:${grantId}`);
    for (const [key, { payload }] of this.#entries) {
      if (payload.grantId === grantId) this.#entries.delete(key);
    }
  }

  #sweep() {
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt <= Date.now()) this.#entries.delete(key);
    }
  }
}
