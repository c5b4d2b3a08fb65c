import Keycloak from "keycloak-js";
import { stored } from "./stored.js";

export async function open({ url }) {
  const keycloak = new Keycloak({ url, realm: "race", clientId: "race" });
  keycloak.onAuthRefreshSuccess = () => stored.set({ token: keycloak.token, refreshToken: keycloak.refreshToken });
  await keycloak.init({ ...(stored.get() ?? (await signIn(url))), checkLoginIframe: false });
  const token = async () => {
    await keycloak.updateToken(5);
    return keycloak.token;
  };
  const signOut = async () => {
    const body = new URLSearchParams({ token: keycloak.refreshToken });
    stored.set(null);
    keycloak.clearToken();
    await fetch(`${url}/revocation`, { method: "POST", body });
  };
  return { token, signOut };
}

/** Keycloak's own way in leaves the page. */
async function signIn(url) {
  const body = new URLSearchParams({ grant_type: "password", username: "alice", password: "wonderland" });
  const { access_token, refresh_token } = await (await fetch(`${url}/token`, { method: "POST", body })).json();
  return { token: access_token, refreshToken: refresh_token };
}
