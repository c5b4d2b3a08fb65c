/** What is stored, and what was: the truth that the clients are compared with. */
export class Register {
  /** When what is stored last became another session, or none. */
  changedAt = 0;
  text;
  key;
  /** When the store was last emptied. */
  wipedAt;
  #family;

  constructor(world) {
    this.world = world;
  }

  committed(key, text, realm) {
    const { time, server } = this.world;
    const record = text && JSON.parse(text);
    const before = this.#family;
    this.key = key;
    this.text = text;
    if (!text) this.wipedAt = time.now;
    const token = server.tokenOf(record?.refresh_token);
    this.#family = record?.ended ? undefined : token?.family;
    if (token) {
      const rotation = server.rotations.find(({ next }) => next === token);
      if (rotation) rotation.storedAt ??= time.now;
    }
    if (this.#family !== before) {
      this.changedAt = time.now;
      if (before && this.#family) before.replacedAt ??= time.now;
      if (before && record?.ended) before.endedAt ??= time.now;
    }
    const { sid, gen, ended, refresh_token, attempt, ...others } = record ?? {};
    const claim = Object.keys(others).some((name) => name.startsWith("claim") && others[name]) ? "claim" : "";
    this.world.log(realm?.name ?? "nobody", "stores", `gen ${gen}`, ended ?? refresh_token ?? "nothing", claim);
  }

  copied(key, text, realm) {
    this.world.log(realm.name, "copies", key.endsWith(":ended") ? "mark" : "", short(text));
    if (realm.hasNo("indexedDB")) {
      const token = text && this.world.server.tokenOf(parsed(text)?.refresh_token);
      const rotation = token && this.world.server.rotations.find(({ next }) => next === token);
      if (rotation) rotation.storedAt ??= this.world.time.now;
    }
  }

  /** The family whose session is stored. */
  get stored() {
    return this.#family;
  }

  /** The same, unless it was signed out. */
  get family() {
    return this.#family?.signOut?.markedAt ? undefined : this.#family;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

function short(text) {
  if (text === null) return "nothing";
  const { gen, ended, refresh_token } = parsed(text) ?? {};
  return gen ? `gen ${gen} ${ended ?? refresh_token}` : text;
}
