import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { close, listen, sendJson } from "../../dev/http.mjs";

const PATIENCE = 15_000;

/** What may become of a refresh request. `serve` has the server act and returns its answer. */
export const faults = {
  answered: (status, headers) => (response) => sendJson(response, status, {}, headers),
  dropped: (response) => response.destroy(),
  lost: (response, serve) => {
    serve();
    response.destroy();
  },
  unanswered: () => {},
  /** The server acts at once, and answers when `until` resolves. */
  delayed: (until) => async (response, serve) => {
    const answer = serve();
    await until;
    sendAnswer(response, answer);
  },
};

function sendAnswer(response, answer) {
  sendJson(response, answer.error ? 400 : 200, answer);
}

/**
 * Password and refresh grants with rotation: a refresh token that is used twice revokes its family, except within
 * `reuseWindow`, where it gets the same answer again. Times are in milliseconds by the server's own clock.
 */
export class TokenServer {
  lifetime = 3_600_000;
  reuseWindow = 0;
  /** What becomes of the next refresh requests, one after another, and of all others. */
  faults = [];
  fault = undefined;
  /** When each refresh request came. */
  refreshes = [];
  /** How many spent refresh tokens came again: within `reuseWindow`, and later, which revoked their families. */
  repeated = 0;
  reused = 0;
  #ahead = 0;
  #issued = 0;
  #families = [];
  #refreshTokens = new Map();
  #accessTokens = new Map();
  #kept = new Set();
  #events = new EventEmitter();
  #listener = createServer((request, response) => this.#handle(request, response));

  async start() {
    this.url = `http://127.0.0.1:${await listen(this.#listener, 0)}`;
    return this;
  }

  close() {
    return close(this.#listener);
  }

  get now() {
    return Date.now() + this.#ahead;
  }

  timePasses(ms) {
    this.#ahead += ms;
  }

  accepts(token) {
    const { family, expiresAt } = this.#accessTokens.get(token) ?? {};
    return !!family && !family.isRevoked && this.now < expiresAt;
  }

  /** How many families there are, and how many of them were revoked. */
  get families() {
    return { issued: this.#families.length, revoked: this.#families.filter(({ isRevoked }) => isRevoked).length };
  }

  revoke() {
    for (const family of this.#families) family.isRevoked = true;
  }

  behave() {
    this.faults = [];
    this.fault = undefined;
  }

  /** Resolves when so many refresh requests have come. */
  async received(count) {
    const signal = AbortSignal.timeout(PATIENCE);
    while (this.refreshes.length < count) await once(this.#events, "refresh", { signal });
  }

  /** Resolves when a page waits for what it gets here; `release` lets it go. */
  async keeps() {
    const signal = AbortSignal.timeout(PATIENCE);
    while (!this.#kept.size) await once(this.#events, "kept", { signal });
  }

  release() {
    for (const response of this.#kept) response.end();
    this.#kept.clear();
  }

  /** Every connection is for one request: browsers send again by themselves what was cut on a connection in use. */
  async #handle(request, response) {
    const { method, headers, url } = request;
    response.setHeader("Connection", "close");
    response.setHeader("Access-Control-Allow-Origin", headers.origin ?? "*");
    response.setHeader("Access-Control-Allow-Credentials", "true");
    response.setHeader("Access-Control-Allow-Headers", headers["access-control-request-headers"] ?? "*");
    response.setHeader("Access-Control-Expose-Headers", "Retry-After");
    if (method === "OPTIONS") return response.writeHead(204).end();
    if (method === "GET") {
      this.#kept.add(response);
      return this.#events.emit("kept");
    }
    const target = new URL(url, this.url);
    const form = { ...Object.fromEntries(target.searchParams), ...parse(await text(request)) };
    if (!target.pathname.endsWith("/token")) return this.#signOut(form, headers, response);
    if (form.grant_type !== "refresh_token") return sendJson(response, 200, this.#signIn());
    this.refreshes.push(performance.now());
    this.#events.emit("refresh");
    const serve = () => this.#refresh(form.refresh_token);
    const fault = this.faults.shift() ?? this.fault;
    if (fault) return fault(response, serve);
    sendAnswer(response, serve());
  }

  #signIn() {
    const family = { isRevoked: false };
    this.#families.push(family);
    return this.#issue(family);
  }

  #signOut({ token, refresh_token }, { authorization }, response) {
    const bearer = authorization?.replace("Bearer ", "");
    const found = this.#refreshTokens.get(token ?? refresh_token) ?? this.#accessTokens.get(token ?? bearer);
    if (found) found.family.isRevoked = true;
    sendJson(response, 200, {});
  }

  #refresh(token) {
    const found = this.#refreshTokens.get(token);
    if (!found || found.family.isRevoked) return { error: "invalid_grant" };
    if (found.answer && this.now < found.usedAt + this.reuseWindow) {
      this.repeated += 1;
      return found.answer;
    }
    if (found.answer) {
      this.reused += 1;
      found.family.isRevoked = true;
      return { error: "invalid_grant" };
    }
    found.usedAt = this.now;
    found.answer = this.#issue(found.family);
    return found.answer;
  }

  #issue(family) {
    const expiresAt = this.now + this.lifetime;
    const answer = {
      access_token: this.#token("access", expiresAt),
      token_type: "Bearer",
      expires_in: this.lifetime / 1000,
      refresh_token: this.#token("refresh", expiresAt + this.lifetime),
    };
    this.#accessTokens.set(answer.access_token, { family, expiresAt });
    this.#refreshTokens.set(answer.refresh_token, { family });
    return answer;
  }

  /** In the form of a JWT, which some clients look into; nobody signs it. */
  #token(typ, expiresAt) {
    this.#issued += 1;
    const [iat, exp] = [this.now, expiresAt].map((time) => Math.floor(time / 1000));
    const parts = [{ alg: "none" }, { typ, sub: "alice", iat, exp, jti: String(this.#issued) }, "unsigned"];
    return parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  }
}

function parse(body) {
  return body.startsWith("{") ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}
