import { MeshyClient } from "@meshydb/sdk";

export async function profile(username, password) {
  const client = MeshyClient.initialize("account", "public-key");
  const connection = await client.login(username, password);
  return connection.usersService.getSelf();
}
