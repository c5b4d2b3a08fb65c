import process from "node:process";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { exit, Failure, say } from "./output.mjs";
import { session } from "./session.mjs";

/** What each command does, and what is to be said of it, if it has not said it. */
export const run = {
  async login({ client, server, folder, operands: [user], options, signal }) {
    const hasBrowser = !options["no-browser"];
    if (user && !hasBrowser) throw new Failure("a login with a password needs no --no-browser", exit.usage);
    const { signIn } = await import("./sign-in.mjs");
    await signIn(client, server, { user, hasBrowser, signal });
    if (client.getSnapshot().storage !== "ok") throw new Failure(`cannot write to ${folder}`, exit.failed);
    return { text: "Logged in.", value: { isLoggedIn: true } };
  },

  async whoami(context) {
    const response = await ask(context, "me");
    if (!response.ok) throw refusalOf(response);
    const user = await response.json();
    return { text: user.username ?? JSON.stringify(user), value: user };
  },

  async status(context) {
    const { expiresAt } = (await session(context)).getSnapshot();
    const isExpired = expiresAt !== null && expiresAt <= Date.now();
    const text = `Logged in. The access token ${isExpired ? "has expired: the next call renews it" : "is valid"}.`;
    return { text, value: { isLoggedIn: true, isExpired, expiresAt } };
  },

  async token(context) {
    const token = await (await session(context)).getAccessToken({ signal: context.signal });
    return { text: token, value: { access_token: token } };
  },

  async call(context) {
    const { operands, options } = context;
    const response = await ask(context, operands[0], options);
    if (options.json) say({ value: { status: response.status, body: await bodyOf(response) } }, true);
    else await pipeline(response.body ?? [], process.stdout, { end: false });
    if (!response.ok) throw refusalOf(response);
  },

  async logout(context) {
    await (await session(context)).signout({ signal: context.signal });
    return { text: "Logged out.", value: { isLoggedIn: false } };
  },
};

async function ask(context, path, { method, data } = {}) {
  const connection = await session(context);
  const body = data === "-" ? await buffer(process.stdin) : data;
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const { signal } = context;
  return connection.fetch(path, { method: method ?? (body === undefined ? "GET" : "POST"), body, headers, signal });
}

async function bodyOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function refusalOf({ status }) {
  return new Failure(`the API answered with ${status}`, status < 500 ? exit.failed : exit.unreachable);
}
