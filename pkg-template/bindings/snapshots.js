const unknown = Object.freeze({ ready: false, connection: null, storage: "none", error: null });
/** By client, connection or promise, so that each is the same one in every render. */
const sources = new WeakMap();
const never = () => () => {};

/** The snapshot on a server, while a page is hydrated, and before there is a client. */
export function unknownClient() {
  return unknown;
}

/** The snapshot where there is no connection. */
export function nothing() {
  return null;
}

/**
 * What a binding follows: a client or connection, a promise of a client, or nothing. One that was disposed of throws no more
 * here: rendering may come after that.
 */
export function sourceOf(given, unknown) {
  if (!given) return { subscribe: never, getSnapshot: unknown };
  if (!sources.has(given)) sources.set(given, given.then ? awaited(given) : lenient(given, unknown));
  return sources.get(given);
}

function lenient(source, unknown) {
  const unlessDisposed = (ask, otherwise) => {
    try {
      return ask();
    } catch (error) {
      if (error.code !== "aborted") throw error;
      return otherwise();
    }
  };
  return {
    subscribe: (listener) => unlessDisposed(() => source.subscribe(listener), never),
    getSnapshot: () => unlessDisposed(() => source.getSnapshot(), unknown),
  };
}

/** Not ready until the client is there; where it will never be, with the error that says why. */
function awaited(promise) {
  let source = sourceOf(null, unknownClient);
  const settled = promise.then(
    (client) => {
      source = sourceOf(client, unknownClient);
    },
    (error) => {
      const failed = Object.freeze({ ...unknown, error });
      source = sourceOf(null, () => failed);
    },
  );
  return {
    subscribe(listener) {
      let stop;
      let isOver = false;
      settled.then(() => {
        if (isOver) return;
        stop = source.subscribe(listener);
        listener();
      });
      return () => {
        isOver = true;
        stop?.();
      };
    },
    getSnapshot: () => source.getSnapshot(),
  };
}
