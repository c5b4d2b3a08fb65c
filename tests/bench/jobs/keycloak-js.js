import Keycloak from "keycloak-js";

export async function accessToken(url) {
  const keycloak = new Keycloak({ url, realm: "realm", clientId: "id" });
  if (!(await keycloak.init())) return keycloak.login();
  await keycloak.updateToken(5);
  return keycloak.token;
}
