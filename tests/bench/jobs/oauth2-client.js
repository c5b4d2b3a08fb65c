import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";

export async function accessToken(server, username, password) {
  const client = new OAuth2Client({ server, clientId: "id", tokenEndpoint: "/token" });
  const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.password({ username, password }) });
  return wrapper.getAccessToken();
}
