import { MeshyError } from "../core/index.js";
import { parsed, payloadOf, readText } from "./answers.js";
import { check } from "./errors.js";

/** Epoch milliseconds look like this many seconds, at least. */
const NO_SECONDS = 1e11;
/** Statuses that say "later" (RFC 9110, RFC 6585, RFC 8470): the core knows what to make of them. */
const LATER = [408, 425, 429];

/** A form of the core has no access token; what an application asks for by `connection.fetch` has one. */
function isForm(init) {
  return typeof init?.body === "string" && !new Headers(init.headers).has("authorization");
}

function ruleOf({ grant_type }) {
  if (grant_type === undefined) return "revoke";
  return grant_type === "refresh_token" ? "refresh" : "login";
}

function secondsOf(time) {
  if (typeof time === "string") return Date.parse(time) / 1000;
  if (time === undefined || time === null || (typeof time === "number" && time < NO_SECONDS)) return time;
  throw new TypeError("expires_at is neither epoch seconds nor a date as text");
}

/** What a rule has returned. */
function returned(value) {
  if (value !== null && typeof value === "object" && typeof value.then !== "function") return value;
  throw new TypeError(`it returned ${value?.then ? "a promise" : String(value)} instead of an object`);
}

/** Seconds, or undefined where nothing says it. */
function lifetimeOf({ expires_in, expires_at, access_token }, date) {
  const { iat, exp } = Object(payloadOf(access_token));
  const issued = iat ?? (Date.parse(date) || Date.now()) / 1000;
  return expires_in ?? (secondsOf(expires_at) ?? exp) - issued;
}

function answer(status, members) {
  return new Response(JSON.stringify(members), { status, headers: { "content-type": "application/json" } });
}

export function jsonEndpoint(rules) {
  check(typeof rules?.login === "function", "login", "a function");
  check(typeof rules.refresh === "function", "refresh", "a function");
  check(typeof rules.read === "function", "read", "a function");
  const send = (...args) => (rules.fetch ?? globalThis.fetch)(...args);

  /** What a rule makes of a form: the arguments of a fetch. */
  function asked(rule, parameters, endpoint, init) {
    const {
      url = "",
      method = "POST",
      headers,
      body,
      credentials = init.credentials,
    } = returned(rules[rule](parameters));
    if (typeof body === "string") throw new TypeError("body is what to send, not its JSON");
    const target = new URL(url, endpoint);
    if (target.origin !== new URL(endpoint).origin) throw new TypeError("url is not of the endpoint's origin");
    const all = new Headers(init.headers);
    all.delete("content-type");
    if (body !== undefined) all.set("content-type", "application/json");
    for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value);
    return [
      target.href,
      { ...init, method, headers: Object.fromEntries(all), body: JSON.stringify(body), credentials },
    ];
  }

  /** Of a login what is wrong with the rule; of a refresh nothing, since its answer may be lost. */
  function membersOf(rule, { status, headers }, text) {
    const found = parsed(text);
    const body = typeof found === "object" && !Array.isArray(found) ? { ...found } : {};
    try {
      const members = { ...returned(rules.read({ status, headers, body })) };
      if (members.access_token) members.token_type ??= "Bearer";
      const { access_token, refresh_token, error } = members;
      const names = Object.keys(members).join(", ") || "nothing";
      if (!(access_token || refresh_token || error))
        throw new TypeError(`of status ${status} it returned ${names}: no token and no error`);
      members.expires_in = lifetimeOf(members, headers.get("date"));
      return members;
    } catch ({ message }) {
      return rule === "login" ? { error: "invalid_response", error_description: `the rule read: ${message}` } : {};
    }
  }

  async function perform(rule, parameters, endpoint, init, before) {
    let request;
    try {
      request = asked(rule, parameters, endpoint, init);
    } catch ({ message }) {
      return answer(400, { error: "invalid_request", error_description: `the rule ${rule}: ${message}` });
    }
    const response = await send(...request);
    const { status } = response;
    if (rule === "revoke" || status < 200 || status >= 500 || LATER.includes(status)) return response;
    const text = await readText(response).catch((error) => {
      if (!(error instanceof MeshyError)) throw error;
    });
    const members = membersOf(rule, response, text);
    members.refresh_token ??= before;
    const { refresh_token, access_token, error } = members;
    if (rule !== "login" || !refresh_token || access_token || error) return answer(response.ok ? 200 : status, members);
    return perform("refresh", { grant_type: "refresh_token", refresh_token }, endpoint, init, refresh_token);
  }

  return async (input, init) => {
    if (!isForm(init)) return send(input, init);
    const parameters = Object.fromEntries(new URLSearchParams(init.body));
    return perform(ruleOf(parameters), parameters, input, init);
  };
}
