import { authorizedFetch } from "./fetch.js";
import { Command } from "./load.js";
import { aborted, DISPOSE, signalOf, wantedOf } from "./options.js";

/** A handle on one session. Several handles may share it. */
export class Connection {
  #port;
  #stops = new Set();

  constructor(port) {
    this.#port = port;
  }

  retrievePersistanceToken() {
    return this.#open().refreshToken;
  }

  getAccessToken(options) {
    const held = options === undefined && this.#port?.live.token;
    return held || this.#callToken(options);
  }

  async #callToken(options) {
    return this.#open().ask(Command.Token, wantedOf(options), signalOf(options));
  }

  async fetch(input, init) {
    return authorizedFetch(this.#open(), input, init);
  }

  async signout(options) {
    await this.#open().ask(Command.SignOut, undefined, signalOf(options));
  }

  subscribe(listener) {
    const stop = this.#open().listeners.add(listener);
    this.#stops.add(stop);
    return () => {
      this.#stops.delete(stop);
      stop();
    };
  }

  getSnapshot() {
    return this.#open().snapshot;
  }

  [DISPOSE]() {
    for (const stop of this.#stops) stop();
    this.#port = undefined;
  }

  #open() {
    if (!this.#port) throw aborted("it was disposed of");
    return this.#port.live;
  }
}
