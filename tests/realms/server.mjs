/** An authorization server that rotates refresh tokens and revokes a family on reuse, or answers it again for a while. */
export class Server {
  families = [];
  /** Each use of a refresh token that was granted: what it gave, to whom, and what became of the answer. */
  rotations = [];
  #tokens = new Map();

  constructor(time, { lifetime, window, hasReplicas }) {
    this.time = time;
    this.lifetime = lifetime;
    this.window = window;
    this.hasReplicas = hasReplicas;
  }

  familyOf(token) {
    return this.#tokens.get(token)?.family;
  }

  tokenOf(text) {
    return this.#tokens.get(text);
  }

  accepts(text) {
    const token = this.#tokens.get(text);
    return Boolean(token && !token.family.isRevoked && (!token.usedAt || this.time.now - token.usedAt <= this.window));
  }

  isAccess(text) {
    const token = this.#tokens.get(text);
    return Boolean(token?.isAccess && !token.family.isRevoked && this.time.now < token.expiresAt);
  }

  /** Status and members of the answer to a form that `flight` has brought. */
  answer(form, flight) {
    switch (form.get("grant_type")) {
      case "password":
        return this.#open(form.get("username"), flight);
      case "refresh_token":
        return this.#refresh(form.get("refresh_token"), flight);
      default:
        return this.#revoke(form.get("token"));
    }
  }

  #open(user, flight) {
    const family = { number: this.families.length, user, isRevoked: false, index: 0, openedBy: flight.realm };
    this.families.push(family);
    return this.#issue(family, flight);
  }

  #refresh(text, flight) {
    const { now } = this.time;
    const token = this.#tokens.get(text);
    flight.token = token;
    if (!token) return [400, { error: "invalid_grant" }];
    const { family } = token;
    if (this.hasReplicas && now - token.issuedAt < 400) return [400, { error: "invalid_grant" }];
    if (!this.accepts(text)) {
      if (!family.isRevoked) {
        family.isRevoked = true;
        family.revokedBy = { reuse: true, at: now, realm: flight.realm, token };
      }
      return [400, { error: "invalid_grant" }];
    }
    token.usedAt ??= now;
    return this.#issue(family, flight, token);
  }

  #revoke(text) {
    const token = this.#tokens.get(text);
    if (token) {
      token.family.isRevoked = true;
      token.family.revokedBy ??= { reuse: false, at: this.time.now };
    }
    return [200, {}];
  }

  #issue(family, flight, from) {
    const index = ++family.index;
    const name = `${family.number}-${index}-${family.user}`;
    const { now } = this.time;
    const access = { text: `access-${name}`, family, isAccess: true, expiresAt: now + this.lifetime * 1000 };
    const next = { text: `refresh-${name}`, family, issuedAt: now, index };
    for (const token of [access, next]) this.#tokens.set(token.text, token);
    flight.rotation = { family, from, next, at: flight.sentAt, realm: flight.realm, heardAt: undefined, storedAt: undefined };
    this.rotations.push(flight.rotation);
    const { lifetime } = this;
    return [
      200,
      { access_token: access.text, token_type: "Bearer", expires_in: lifetime, refresh_token: next.text },
    ];
  }
}
