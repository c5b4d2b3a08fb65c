import { stateOf } from "./oauth-client.js";

export async function serviceConnection(client, { scope, resource, parameters, signal } = {}) {
  const given = Object.entries({ ...parameters, scope, resource }).filter((pair) => pair[1] !== undefined);
  return stateOf(client).core.loginWithGrant("client_credentials", Object.fromEntries(given), {
    repeatable: true,
    signal,
  });
}
