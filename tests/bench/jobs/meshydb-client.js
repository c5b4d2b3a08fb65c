import { initialize } from "meshydb-client";

export async function accessToken(url, username, password) {
  const client = await initialize("account", "public-key", { tokenEndpoint: url, persistence: "local" });
  const connection = (await client.restore()) ?? (await client.login(username, password));
  return connection.getAccessToken();
}
