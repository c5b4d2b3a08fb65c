import { authorizedFetch } from "./fetch.js";
import { Command } from "./load.js";
import { DISPOSE, failure, signalOf, wantedOf } from "./options.js";

/** A handle on one session. Several handles may share it. Its methods need no `this`, so that a proxy can stand for it. */
export function connectionTo(port) {
  const stops = new Set();
  let isDisposed;

  const live = () => {
    if (isDisposed) throw failure("aborted", "it was disposed of");
    return port.live;
  };
  const callToken = async (options) => live().ask(Command.Token, wantedOf(options), signalOf(options));

  return Object.freeze({
    retrievePersistanceToken: () => live().refreshToken,

    retrieveIdToken: () => live().idToken,

    getAccessToken: (options) => (options === undefined && !isDisposed && port.live.token) || callToken(options),

    fetch: async (input, init) => authorizedFetch(live(), input, init),

    async signout(options) {
      await live().ask(Command.SignOut, undefined, signalOf(options));
    },

    subscribe(listener) {
      const stop = live().listeners.add(listener);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },

    getSnapshot: () => live().snapshot,

    [DISPOSE]() {
      for (const stop of stops) stop();
      isDisposed = true;
    },
  });
}
