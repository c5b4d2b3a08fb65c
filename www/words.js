export const codes = {
  invalid_grant: "That user name and password do not belong together.",
  refused: "The server refused the request.",
  rate_limited: "Too many attempts.",
  unavailable: "The server is not available at the moment.",
  network: "The server cannot be reached.",
  timeout: "The server took too long to answer.",
  invalid_response: "The server answered something unexpected.",
  session_ended: "Your session has ended.",
  aborted: "You came back before the sign-in had ended.",
  unsupported: "This browser cannot run the client.",
};

export const refusals = {
  access_denied: "You have denied access at the server, so nobody is signed in.",
};

export const endings = {
  signed_out: "Signed out.",
  invalid_grant: "The server ended your session. Please sign in again.",
  response_lost: "The server's answer was lost, and it does not answer twice. Please sign in again.",
  expired: "Your session was over. Please sign in again.",
  replaced: "Someone signed in here in your place.",
  removed: "Your session was removed from this browser's storage.",
};

export const storage = {
  ok: "kept in this browser",
  degraded: "this tab's memory: the browser's storage fails",
  none: "this tab's memory",
};

/** A length of time, in its two largest units. */
export function lasted(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
