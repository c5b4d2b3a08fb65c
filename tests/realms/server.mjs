/** Milliseconds until every part of a server knows a token that one of them has issued. */
const REPLICATION = 400;
const REFUSED = [400, { error: "invalid_grant" }];

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
    const family = { number: this.families.length, user, isRevoked: false, issued: 0 };
    this.families.push(family);
    return this.#issue(family, flight);
  }

  #refresh(text, flight) {
    const { now } = this.time;
    const token = this.#tokens.get(text);
    const isYoung = token && this.hasReplicas && now - token.issuedAt < REPLICATION;
    if (!token || isYoung) return REFUSED;
    if (this.accepts(text)) {
      token.usedAt ??= now;
      return this.#issue(token.family, flight);
    }
    token.family.isRevoked = true;
    token.family.revokedBy ??= { isReuse: true };
    return REFUSED;
  }

  #revoke(text) {
    const { family } = this.#tokens.get(text) ?? {};
    if (family) {
      family.isRevoked = true;
      family.revokedBy ??= { isReuse: false };
    }
    return [200, {}];
  }

  #issue(family, flight) {
    const { now } = this.time;
    const { realm, sentAt } = flight;
    const index = ++family.issued;
    const name = `${family.number}-${index}-${family.user}`;
    const next = { text: `refresh-${name}`, family, index, issuedAt: now };
    const access = { text: `access-${name}`, family, isAccess: true, expiresAt: now + this.lifetime * 1000 };
    const rotation = { family, next, at: sentAt, realm, heardAt: undefined, storedAt: undefined, isTwice: false };
    for (const token of [access, next]) this.#tokens.set(token.text, Object.assign(token, { rotation }));
    flight.rotation = rotation;
    this.rotations.push(rotation);
    const tokens = { access_token: access.text, token_type: "Bearer", refresh_token: next.text };
    return [200, { ...tokens, expires_in: this.lifetime }];
  }
}
