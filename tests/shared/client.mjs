import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { inspect } from "node:util";
import * as entry from "../../pkg/index.js";
import { FakeServer } from "./fake-server.mjs";
import { rejection } from "./waiting.mjs";

export { entry };
export const { initialize, initializeWithTenant, MeshyClient, MeshyError } = entry;
export const entryUrl = new URL("../../pkg/index.js", import.meta.url).href;
export const fakeServerUrl = new URL("fake-server.mjs", import.meta.url).href;
export const secret = "canary";
export const longText = "x".repeat(1_025);

export let server;
beforeEach(() => {
  server = new FakeServer();
});

export function start(options) {
  return initialize("demo", "demo-key", { fetch: server.fetch, ...options });
}

/** A session whose access token has expired already. */
export async function expired(options) {
  const client = await start(options);
  const { lifetime } = server;
  server.lifetime = 0;
  const connection = await client.login("alice", "pw");
  server.lifetime = lifetime;
  return { client, connection };
}

export async function rejects(promise, expected) {
  const error = await rejection(promise);
  assert.ok(error instanceof MeshyError, inspect(error));
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, `${name} of ${error.message}`);
  assertNoSecret(error);
  return error;
}

export function assertNoSecret(value) {
  const shown = [
    String(value),
    value?.message,
    value?.stack,
    JSON.stringify(value),
    inspect(value, { depth: 10, showHidden: true, getters: true }),
  ];
  for (const text of shown) assert.equal(String(text).includes(secret), false, `shows a secret: ${text}`);
}
