import { initialize } from "meshydb-client";

export function clientOf({ url, timeout, refreshIn }) {
  return initialize("race", "race-public-key", {
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/revocation`,
    persistence: "local",
    timeout,
    refreshIn,
  });
}

export async function open(options) {
  const client = await clientOf(options);
  const connection = (await client.restore()) ?? (await client.login("alice", "wonderland"));
  return { token: () => connection.getAccessToken(), signOut: () => connection.signout() };
}
