const unknown = Object.freeze({ ready: false, connection: null, storage: "none", error: null });

/** What is known of a client before it is there, on a server, and while a page is hydrated: nothing. */
export function unknownClient() {
  return unknown;
}
