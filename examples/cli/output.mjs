import process from "node:process";

export const exit = { failed: 1, usage: 2, notLoggedIn: 3, refused: 4, unreachable: 5, ended: 6 };

/** What a person, or a script, is told in place of a result. */
export class Failure extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Whoever reads may be gone: that must not end the program in the middle of a refresh. */
export function outliveReaders() {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** A result on standard output: the text for people, or the value as one line of JSON. */
export function say({ text, value }, isJson) {
  process.stdout.write(`${isJson ? JSON.stringify(value) : text}\n`);
}

/** A failure on standard error; returns its exit code. */
export function complain(error, isJson, opened) {
  const { message, exitCode } = error instanceof Failure ? error : explained(error, opened);
  const { retryAfter } = error;
  process.stderr.write(isJson ? `${JSON.stringify({ message, exitCode, retryAfter })}\n` : `meshy: ${message}\n`);
  return exitCode;
}

export function loginAgain(profile) {
  return `run \`meshy login${profile === "default" ? "" : ` --profile ${profile}`}\``;
}

function explained({ message, code, argument, reason, status, retryAfter, cause }, opened) {
  const later = retryAfter ? `: try again in ${retryAfter} s` : "";
  const { issuer, tokenEndpoint, apiUrl } = opened?.server ?? {};
  const unreachable = (text) => new Failure(text, exit.unreachable);
  if (code === "session_ended")
    return new Failure(`the session is over (${reason}): ${loginAgain(opened.profile)}`, exit.ended);
  if (code === "rate_limited") return unreachable(`the server asks for a pause${later}`);
  if (code === "unavailable" && status) return unreachable(`the server answered with ${status}${later}`);
  if (code === "unavailable" && retryAfter)
    return unreachable("the last requests have failed: try again a little later");
  if (code === "network" || code === "timeout") return unreachable(`${issuer ?? tokenEndpoint} cannot be reached`);
  if (!code && cause?.code) return unreachable(`${apiUrl} cannot be reached`);
  if (code === "invalid_argument" && argument !== "path") return new Failure(message, exit.usage);
  return new Failure(message, exit.failed);
}
