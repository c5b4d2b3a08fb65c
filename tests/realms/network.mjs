/** What lies between the realms and the server: its faults are what the plan has for the time being. */
export class Network {
  /** Each request that was made: of which realm, with which form, when. */
  flights = [];

  constructor(world) {
    this.world = world;
  }

  fetch(realm, target, { body, headers, signal, keepalive } = {}) {
    const { time, dice } = this.world;
    const url = target instanceof Request ? target.url : String(target);
    const form = new URLSearchParams(body);
    const flight = { realm, url, form, headers: new Headers(headers), signal, keepalive, isOver: false };
    flight.sentAt = time.now;
    this.flights.push(flight);
    realm.flights.add(flight);
    return new Promise((resolve, reject) => {
      flight.end = (settle, value) => {
        if (flight.isOver) return;
        flight.isOver = true;
        realm.flights.delete(flight);
        settle(value);
      };
      flight.break = (code) => flight.end(reject, new TypeError("fetch failed", code && { cause: { code } }));
      const abort = () => flight.end(reject, new DOMException("This operation was aborted", "AbortError"));
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) return abort();
      flight.answered = (answer) => flight.end(resolve, answer);
      this.world.checks.sends(flight);
      time.later(dice.between(1, 40), () => this.#arrive(flight));
    });
  }

  #arrive(flight) {
    const { world } = this;
    const { time, dice } = world;
    const { realm } = flight;
    const inRealm = (ms, run) => time.later(ms, run, realm);
    // What its page has left may arrive, or not.
    if (flight.isOver && !flight.keepalive && dice.chance(0.5)) return;
    const fault = world.faultOf("network");
    if (fault === "away") return inRealm(5, () => flight.break(realm.kind === "process" && "ECONNREFUSED"));
    if (fault === "busy") return this.#answer(flight, [503, {}]);
    if (flight.url.startsWith(world.apiUrl)) return this.#answerCall(flight);
    const answer = world.server.answer(flight.form, flight);
    if (fault === "twice") {
      const { rotation } = flight;
      if (rotation) rotation.isTwice = true;
      return this.#answer(flight, world.server.answer(flight.form, flight));
    }
    if (fault === "lost") return inRealm(dice.between(5, 500), () => flight.break());
    if (fault === "gateway") return this.#answer(flight, [502, {}]);
    if (fault === "cut") return this.#answer(flight, answer, true);
    this.#answer(flight, answer, false, fault === "slow" ? dice.between(0, 2.5 * world.plan.timeout) : 0);
  }

  #answerCall(flight) {
    const { authorization } = Object.fromEntries(flight.headers);
    const status = this.world.server.isAccess(authorization?.slice("Bearer ".length)) ? 200 : 401;
    this.#answer(flight, [status, {}]);
  }

  #answer(flight, [status, members], isCut = false, delay = 0) {
    const { time, dice } = this.world;
    const { realm } = flight;
    const chunks = [new TextEncoder().encode(JSON.stringify(members))];
    const read = () =>
      new Promise((resolve, reject) => {
        const deliver = () => {
          if (isCut) return reject(new TypeError("terminated"));
          const value = chunks.pop();
          if (!value && status === 200 && flight.rotation && !flight.signal.aborted) flight.rotation.heardAt = time.now;
          resolve({ done: !value, value });
        };
        time.later(dice.between(0, 2), deliver, realm);
      });
    const cancel = async () => {};
    const headers = new Headers({ "content-type": "application/json" });
    const response = { status, headers, body: { getReader: () => ({ read, cancel }), cancel } };
    time.later(delay + dice.between(1, 60), () => flight.answered(response), realm);
  }
}
