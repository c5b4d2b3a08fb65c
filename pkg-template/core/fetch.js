import { Command } from "./load.js";
import { check, checkObject, signalOf } from "./options.js";

/** An absolute URL of an allowed origin, or a relative one that stays inside the account. */
function targetOf(text, { base, origin, origins }) {
  const inside = (from, places) => {
    try {
      const url = new URL(text, from);
      return places.some((place) => url.href.startsWith(place)) && url;
    } catch {}
  };
  const allowed = [origin, ...origins].map((place) => `${place}/`);
  return inside(undefined, allowed) ?? inside(base, [base]);
}

/** Where a Request goes, whatever it has for a `url` of its own; nothing for what is none. */
function urlOf(input) {
  try {
    return Reflect.get(Request.prototype, "url", input);
  } catch {}
}

/** `fetch` with the access token, and after a 401 once more with the next one, if the session asks for one. */
export async function authorizedFetch(port, input, given) {
  checkObject(given);
  const { api } = port;
  // At once, and what it has inherited, too: a Request may be given here.
  const init = {};
  for (const name in given) init[name] = given[name];
  const requested = urlOf(input);
  const request = requested && input;
  const isText = typeof input === "string" || input instanceof URL;
  const url = (request || isText) && targetOf(requested ?? String(input), api);
  check(url, "input", 'a URL of an allowed origin, or a relative one inside the account ("me", not "/me")');
  const headers = new Headers(init.headers ?? request?.headers);
  check(!headers.has("authorization"), "headers", "without Authorization");
  if (api.tenant && url.origin === api.origin) headers.set("tenant", api.tenant);
  const signal = signalOf({ signal: init.signal ?? request?.signal });

  const send = (token) => {
    const { fetch } = port;
    headers.set("authorization", `Bearer ${token}`);
    return fetch(request ?? url.href, { ...init, headers });
  };
  /** Rejects as the platform's own fetch does if the signal aborts. */
  const ask = (command, args) =>
    port.ask(command, args, signal).catch((error) => {
      signal?.throwIfAborted?.();
      throw error;
    });
  const token = await (port.token ?? ask(Command.Token, {}));
  const response = await send(token);
  if (response.status !== 401) return response;

  const renewing = ask(Command.Unauthorized, { rejected: token });
  const { body } = init;
  const isStream = body?.getReader || body?.pipe || body?.[Symbol.asyncIterator];
  if (isStream || (request && !body && !/^(GET|HEAD)$/.test(request.method))) {
    renewing.catch(() => {});
    return response;
  }
  const isKept = (await renewing.catch(() => {})) === token;
  if (isKept) return response;
  response.body?.cancel?.().catch(() => {});
  return send(await renewing);
}
