/** What is stored, and what was: the truth that the clients are compared with. */
export class Register {
  key;
  text;
  /** The family whose session is stored. */
  stored;
  /** When what is stored last became another session, or none. */
  changedAt = 0;
  /** When the store was emptied. */
  wipedAt;
  /** Of each refresh token that was stored, the session and the generation. */
  #generations = new Map();
  #world;

  constructor(world) {
    this.#world = world;
  }

  /** The family whose session is stored and was not signed out. */
  get family() {
    return this.stored?.signOut?.markedAt ? undefined : this.stored;
  }

  /** Which session and generation a token is to renew. */
  renewedWith(token) {
    return this.#generations.get(token);
  }

  committed(key, text, realm) {
    const { time, server } = this.#world;
    const record = parsed(text);
    const token = server.tokenOf(record?.refresh_token);
    const before = this.stored;
    this.key = key;
    this.text = text;
    if (!text) this.wipedAt = time.now;
    if (token) this.#generations.set(token, `${record.sid} ${record.gen}`);
    if (token) token.rotation.storedAt ??= time.now;
    this.stored = record?.ended ? undefined : token?.family;
    if (this.stored !== before) {
      this.changedAt = time.now;
      if (before && this.stored) before.replacedAt ??= time.now;
    }
    this.#world.log(realm?.name ?? "nobody", "stores", told(text));
  }

  copied(key, text, realm) {
    this.#world.log(realm.name, key !== this.key && text !== null ? "marks" : "copies", told(text));
    if (!realm.lacks.includes("indexedDB")) return;
    const token = this.#world.server.tokenOf(parsed(text)?.refresh_token);
    if (token) token.rotation.storedAt ??= this.#world.time.now;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

function told(text) {
  const { gen, ended, refresh_token, claim } = parsed(text) ?? {};
  return gen ? `generation ${gen}, ${ended ?? refresh_token}${claim ? ", claimed" : ""}` : (text ?? "nothing");
}
