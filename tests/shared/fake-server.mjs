/**
 * A token endpoint behind a `fetch`, as strict as servers get: a refresh token that comes a second time ends its session.
 * With `grace` the one that was spent last gets the same answer again. A `bare` one gives none. Any other grant but that of a
 * password is granted. `answer(request)` may answer in its place, and `losing` answers never arrive, whatever the server
 * has done.
 */
export class FakeServer {
  requests = [];
  lifetime = 3600;
  grace = false;
  bare = false;
  idToken = undefined;
  losing = 0;
  answer = () => undefined;
  #sessions = new Map();
  #issued = 0;
  #holds = new Set();

  fetch = async (url, init) => {
    const form = Object.fromEntries(new URLSearchParams(init.body));
    const request = { url, init, form, tenant: init.headers.tenant, grant: form.grant_type ?? "revocation" };
    this.requests.push(request);
    const answer = (await this.answer(request)) ?? this.#answer(request);
    for (const { grant, promise } of this.#holds) if (!grant || request.grant === grant) await promise;
    if (this.losing > 0) {
      this.losing -= 1;
      throw new TypeError("fetch failed");
    }
    return answer;
  };

  count(grant) {
    return this.sent(grant).length;
  }

  sent(grant) {
    return this.requests.filter((request) => request.grant === grant);
  }

  /** Keeps the answers to what comes in from now on until the function returned is called. */
  hold(grant) {
    const { promise, open } = gate();
    const hold = { grant, promise };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      open();
    };
  }

  #answer({ grant, form }) {
    if (grant === "revocation") {
      const session = this.#sessions.get(form.token);
      if (session) session.current = undefined;
      return json(200, {});
    }
    if (grant === "password") {
      return form.password.startsWith("wrong")
        ? json(400, { error: "invalid_grant" })
        : this.#issue({ user: form.username });
    }
    if (grant !== "refresh_token") return this.#issue({ user: form.client_id });
    const session = this.#sessions.get(form.refresh_token);
    const isCurrent = session?.current === form.refresh_token;
    if (this.grace && session?.current && session.spent === form.refresh_token) return json(200, session.tokens);
    if (session && !isCurrent) session.current = undefined;
    return isCurrent ? this.#issue(session) : json(400, { error: "invalid_grant" });
  }

  #issue(session) {
    this.#issued += 1;
    session.spent = session.current;
    session.current = `rt-canary-${session.user}-${this.#issued}`;
    this.#sessions.set(session.current, session);
    session.tokens = {
      access_token: `at-canary-${session.user}-${this.#issued}`,
      token_type: "Bearer",
      expires_in: this.lifetime,
      refresh_token: this.bare ? undefined : session.current,
      id_token: this.idToken,
      scope: "granted",
    };
    return json(200, session.tokens);
  }
}

export function json(status, body, headers = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

export function gate() {
  let open;
  const promise = new Promise((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
