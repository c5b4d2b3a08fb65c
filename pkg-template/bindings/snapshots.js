const unknown = Object.freeze({ ready: false, connection: null, storage: "none", error: null });

/** The snapshot on a server, while a page is hydrated, and before there is a client. */
export function unknownClient() {
  return unknown;
}
