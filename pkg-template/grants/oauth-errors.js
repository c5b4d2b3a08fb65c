import { MeshyError } from "../core/index.js";
import { check, failure } from "../fetches/errors.js";

const HIDDEN = /[^ !#-[\]-~]/g;
const LONGEST_WORDS = 256;

export function checkOwn(text, argument, base) {
  let isOwn = false;
  try {
    isOwn = typeof text === "string" && new URL(text, base).origin === location.origin;
  } catch {}
  check(isOwn, argument, "a URL of this origin");
}

/** Whether a URL is https, or http on this machine. */
export function isSafe(text) {
  try {
    const { protocol, hostname } = new URL(text);
    const isHere = /^(([\w-]+\.)*localhost|127[.\d]+|\[::1])$/.test(hostname);
    return typeof text === "string" && (protocol === "https:" || (protocol === "http:" && isHere));
  } catch {
    return false;
  }
}

/** That the server does not ask to come later. */
export function checkAvailable({ status }) {
  if (status === 429 || status >= 500) throw failure("unavailable", undefined, { status, retryable: true });
}

export function checkSignal(signal) {
  const isSignal = typeof signal?.addEventListener === "function" && typeof signal.removeEventListener === "function";
  check(signal === undefined || isSignal, "signal", "an AbortSignal");
}

function told(words) {
  return typeof words === "string" ? words.replace(HIDDEN, "").slice(0, LONGEST_WORDS) || undefined : undefined;
}

/** What `begin` resolves or rejects, or a rejection once the signal aborts. What `begin` returns is called in the end. */
export async function abortable(signal, begin) {
  let abort;
  let end;
  try {
    return await new Promise((resolve, reject) => {
      abort = () => reject(failure("aborted", "the caller's signal"));
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      else end = begin(resolve, reject);
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    end?.();
  }
}

/** The module of a peer that is being loaded. */
export async function peerOf(loading) {
  try {
    return await loading;
  } catch (cause) {
    throw failure("unsupported", "oauth4webapi is missing: npm install oauth4webapi@3", { cause });
  }
}

/** The package's own error for what oauth4webapi or fetch has thrown, without its cause: that has codes and tokens. */
export function typed(thrown) {
  if (thrown instanceof MeshyError) return thrown;
  const { code, status, error, error_description, message, name } = Object(thrown);
  if (error) {
    const words = { error: told(error), error_description: told(error_description) };
    return failure("refused", undefined, { status, ...words });
  }
  if (/^OAUTH_/.test(code)) return failure("invalid_response", message);
  return failure(name === "TimeoutError" ? "timeout" : "network", undefined, { retryable: true });
}
