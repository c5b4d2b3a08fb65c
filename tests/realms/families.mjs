/** The family of the session that a connection is a handle on, unless that has ended. */
export function familyOf(server, connection) {
  if (connection.getSnapshot().state === "ended") return undefined;
  return server.tokenOf(connection.retrievePersistanceToken())?.family;
}

/** Whether somebody wanted its end. */
export function isOver({ signOut, replacedAt, revokedBy }) {
  return Boolean(signOut || replacedAt || (revokedBy && !revokedBy.isReuse));
}
