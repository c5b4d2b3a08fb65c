import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";
import { stored } from "./stored.js";

export async function open({ url }) {
  const client = new OAuth2Client({
    server: url,
    clientId: "race",
    tokenEndpoint: "/token",
    revocationEndpoint: "/revocation",
  });
  if (!stored.get()) stored.set(await client.password({ username: "alice", password: "wonderland" }));
  const wrapper = new OAuth2Fetch({
    client,
    getNewToken: () => null,
    getStoredToken: () => stored.get(),
    storeToken: (token) => stored.set(token),
  });
  const signOut = async () => {
    const token = await wrapper.getToken();
    stored.set(null);
    await client.revoke(token);
  };
  return { token: () => wrapper.getAccessToken(), signOut };
}
