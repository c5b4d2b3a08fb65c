import { UserManager, WebStorageStateStore } from "oidc-client-ts";

export async function accessToken(authority, username, password) {
  const userStore = new WebStorageStateStore({ store: localStorage });
  const manager = new UserManager({ authority, client_id: "id", redirect_uri: location.origin, userStore });
  const stored = await manager.getUser();
  const user = stored?.expired ? await manager.signinSilent() : stored;
  return (user ?? (await manager.signinResourceOwnerCredentials({ username, password }))).access_token;
}
