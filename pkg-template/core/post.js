import { ownMembers, parseObject, pause, within } from "./platform.js";

/** Milliseconds until a page that is being left is gone: its requests break before its scripts stop. */
const LEAVING = 250;
/** What an error of Node's fetch says of a request that never left. */
const NEVER_SENT = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED)$/;
/** Bytes of an answer that are read. */
const BODY_LIMIT = 65_536;
/** The members of a token response: tokens, and then words; without the ID token in the order of src/oauth.rs. */
const TOKEN_RESPONSE = "id_token access_token token_type expires_in refresh_token scope error error_description".split(
  " ",
);
/** Characters of a secret in a row that nobody is shown. */
const TELLING = 6;
const HIDDEN = /[^ !#-[\]-~]/g;
const LONGEST_WORDS = 256;

/**
 * A server's words as they may be shown: the characters that RFC 6749 section 5.2 allows, cut. Nothing where a part of the
 * secret can be read in them, as they are or form-decoded, or where only that makes them the proof of a dead token.
 */
function told(words, secret) {
  const shown = typeof words === "string" && words.replace(HIDDEN, "").slice(0, LONGEST_WORDS);
  if (!shown) return;
  const read = `${shown},${new URLSearchParams(`=${shown.replaceAll("&", "%26")}`).get("")}`;
  const reveals = (text) => {
    const length = Math.min(text.length, TELLING);
    const isPart = (_, at) => at + length <= read.length && text.includes(read.slice(at, at + length));
    return length && read.split("").some(isPart);
  };
  if (shown === "invalid_grant") return words === shown ? shown : undefined;
  return [secret, secret.replace(HIDDEN, "")].some(reveals) ? undefined : shown;
}

/**
 * Posts a token request (RFC 6749 section 3.2) or, without a grant type, a revocation. Resolves to status, Retry-After in
 * seconds, the members of the JSON object in at most 64 KiB, without words that show the secret, and its ID token. Rejects
 * with undefined if there was no answer in time, with false if the form never left.
 */
export function post(port, parameters, secret) {
  const { api, fetch } = port;
  const { grant_type: grant = "revocation" } = parameters;
  const isRevocation = grant === "revocation";
  const { tenant, timeout, tokenEndpoint, revocationEndpoint } = api;
  const controller = new AbortController();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    ...(tenant && { tenant }),
  };
  port.report("request", { grant });
  const ask = async () => {
    const response = await fetch(isRevocation ? revocationEndpoint : tokenEndpoint, {
      method: "POST",
      headers,
      body: String(new URLSearchParams(Object.entries(parameters).filter((pair) => pair[1]))),
      keepalive: isRevocation,
      signal: controller.signal,
      referrerPolicy: "no-referrer",
      redirect: "manual",
      cache: "no-store",
      credentials: "omit",
    });
    const { status } = response;
    const header = (name) => response.headers.get(name);
    const later = header("retry-after");
    const since = Date.parse(header("date")) || Date.now();
    const seconds = /^\d+$/.test(later) ? +later : (Date.parse(later) - since) / 1000;
    const isJson = /^application\/json[ \t]*(;|$)/i.test(header("content-type"));
    const text = await readText(response);
    const [idToken, ...members] = tokenMembers((isJson || status >= 400) && parseObject(text), secret);
    port.report("answer", { grant, status });
    return [status, seconds, ...members, idToken];
  };
  return within(timeout, ask, controller).catch(async (failure) => {
    const code = failure?.cause?.code ?? failure?.code;
    port.report("answer", { grant, code: failure === undefined ? "timeout" : "network" });
    if (failure !== undefined && globalThis.document) await pause(LEAVING);
    throw NEVER_SENT.test(code) ? false : failure;
  });
}

/** Undefined if the body is longer (at most one chunk beyond the limit is read) or not UTF-8. Not every fetch has a stream. */
async function readText(response) {
  const { body } = response;
  const reader = body?.getReader?.();
  const chunks = reader
    ? { next: () => reader.read(), return: () => reader.cancel() }
    : body?.[Symbol.asyncIterator]?.();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = chunks ? "" : await response.text();
  for (let left = BODY_LIMIT - text.length; left >= 0; ) {
    if (!chunks) return text;
    const { done, value } = await chunks.next();
    try {
      text += decoder.decode(value, { stream: !done });
    } catch {
      break;
    }
    if (done) return text;
    left -= value.byteLength;
  }
  chunks?.return().catch(() => {});
}

/** Which member keeps these from being a Bearer token response. */
export function wrongMember([accessToken, tokenType]) {
  const is = (text, rule) => typeof text === "string" && rule.test(text);
  if (!is(tokenType, /^bearer$/i)) return "token_type";
  return is(accessToken, /^[!-~]+$/) ? "refresh_token" : "access_token";
}

/** The members of a token response: its tokens, and of its words what may be told to whoever has sent the secret. */
export function tokenMembers(object, secret) {
  const members = ownMembers(object, TOKEN_RESPONSE);
  const { 3: lifetime } = members;
  if (typeof lifetime === "string") members[3] = Number.parseFloat(lifetime);
  return members.map((member, index) => (index < 5 ? member : told(member, secret)));
}
