import { initialize } from "meshydb-client";

export async function open({ url, timeout }) {
  const client = await initialize("race", "race-public-key", {
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/revocation`,
    persistence: "local",
    timeout,
  });
  const connection = (await client.restore()) ?? (await client.login("alice", "wonderland"));
  return { token: () => connection.getAccessToken(), signOut: () => connection.signout() };
}
