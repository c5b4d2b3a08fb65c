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
export async function authorizedFetch(port, input, init) {
  checkObject(init);
  const { api } = port;
  const requested = urlOf(input);
  const request = requested && input;
  const isText = typeof input === "string" || input instanceof URL;
  const url = (request || isText) && targetOf(requested ?? String(input), api);
  check(url, "input", "a URL of an allowed origin, or a relative one inside the account");
  const headers = new Headers(init?.headers ?? request?.headers);
  check(!headers.has("authorization"), "headers", "without Authorization");
  if (api.tenant && url.origin === api.origin) headers.set("tenant", api.tenant);
  const signal = signalOf({ signal: init?.signal ?? request?.signal });

  const send = (token) => {
    const { fetch } = port;
    headers.set("authorization", `Bearer ${token}`);
    return fetch(request ?? url.href, { ...init, headers });
  };
  const token = await (port.token ?? port.ask(Command.Token, {}, signal));
  const response = await send(token);
  if (response.status !== 401) return response;

  const renewing = port.ask(Command.Token, { rejected: token, unauthorized: true }, signal);
  const body = init?.body;
  const isStream = body?.getReader || body?.[Symbol.asyncIterator];
  if (isStream || (request && !body && !/^(GET|HEAD)$/.test(request.method))) {
    renewing.catch(() => {});
    return response;
  }
  const isKept = (await renewing.catch(() => {})) === token;
  if (isKept) return response;
  response.body?.cancel().catch(() => {});
  return send(await renewing);
}
