import { Auth0Client } from "@auth0/auth0-spa-js";

export async function accessToken(domain) {
  const client = new Auth0Client({ domain, clientId: "id", useRefreshTokens: true, cacheLocation: "localstorage" });
  if (location.search.includes("code=")) await client.handleRedirectCallback();
  if (!(await client.isAuthenticated())) return client.loginWithRedirect();
  return client.getTokenSilently();
}
