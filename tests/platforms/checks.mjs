import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";

export const session = {
  username: "alice",
  isRefreshed: true,
  state: "active",
  generation: 2,
  storage: "none",
};

const requests = [
  ["POST", "/demo/connect/token", "password", 200],
  ["POST", "/demo/connect/token", "refresh_token", 200],
  ["GET", "/api/demo/me", null, 200],
];

/** The server has been asked by so many sessions for just what they need. */
export function checkRequests(server, sessions = 1) {
  const asked = server.requests
    .filter(({ method }) => method !== "OPTIONS")
    .map(({ method, path, grant_type, status }) => [method, path, grant_type, status]);
  const expected = requests.flatMap((request) => Array(sessions).fill(request));
  assert.deepEqual(asked.toSorted(), expected.toSorted());
}

/** An application that prints what it has got, and ends by itself. */
export async function checkProgram(kit, command, args, { storage = "none", ...options } = {}) {
  const server = await kit.server();
  const printed = await kit.run(command, [...args, server.url], options);
  assert.deepEqual(JSON.parse(printed), { ...session, storage });
  checkRequests(server);
}

/** An application in a page, of the browser so named or of one that is open. */
export async function checkPage(kit, site, { name, mapped, browser, hash = "", ...expected } = {}) {
  const server = await kit.server();
  const { version, resultOf } = browser ?? (await openBrowser(kit, name, mapped));
  const result = await resultOf(`${site}?${server.url}${hash}`);
  assert.deepEqual(result, { ...session, storage: "ok", isSecureContext: true, hasLocks: true, ...expected });
  checkRequests(server);
  return version;
}

/** The one clear error where something is missing, and no request. */
export function checkRefusal(result, server, says) {
  const { message, error, code } = result;
  assert.deepEqual({ error, code }, { error: "MeshyError", code: "unsupported" });
  assert.match(message, says);
  assert.deepEqual(server.requests, []);
}
