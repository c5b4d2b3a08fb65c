import { UserManager, WebStorageStateStore } from "oidc-client-ts";

export async function open({ url }) {
  const manager = new UserManager({
    authority: url,
    metadata: { issuer: url, token_endpoint: `${url}/token`, revocation_endpoint: `${url}/revocation` },
    client_id: "race",
    redirect_uri: location.origin,
    scope: "race",
    userStore: new WebStorageStateStore({ store: localStorage }),
  });
  if (!(await manager.getUser())) {
    const credentials = { username: "alice", password: "wonderland", skipUserInfo: true };
    await manager.signinResourceOwnerCredentials(credentials);
  }
  const token = async () => {
    const user = await manager.getUser();
    return (user?.expired ? await manager.signinSilent() : user)?.access_token;
  };
  const signOut = async () => {
    await manager.revokeTokens();
    await manager.removeUser();
  };
  return { token, signOut };
}
