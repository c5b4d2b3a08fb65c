import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import OAuth2Server from "@node-oauth/oauth2-server";
import { close, listen, sendJson } from "../../dev/http.mjs";

const { Request, Response } = OAuth2Server;

/**
 * A second real server, of other people's making: password and refresh grants at any path that ends in `token`, rotation
 * with strict reuse detection, and `/me`, which wants the access token.
 */
export async function startOAuth2Server({ clientId, users, accessTokenLifetime = 60 }) {
  const grants = [];
  const accessTokens = new Map();
  const refreshTokens = new Map();
  const model = {
    getClient: (id) => id === clientId && { id, grants: ["password", "refresh_token"] },
    getUser: (username, password) => users[username] === password && { username, session: {} },
    validateScope: (_user, _client, scope) => scope ?? [],
    saveToken(token, client, user) {
      const saved = { ...token, client, user };
      accessTokens.set(saved.accessToken, saved);
      refreshTokens.set(saved.refreshToken, saved);
      return saved;
    },
    getAccessToken: (token) => alive(accessTokens.get(token)),
    getRefreshToken(token) {
      const found = refreshTokens.get(token);
      if (found?.used) found.user.session.over = true;
      return alive(found);
    },
    revokeToken(token) {
      const found = refreshTokens.get(token.refreshToken);
      const isFirst = !found.used;
      found.used = true;
      return isFirst;
    },
  };
  const server = new OAuth2Server({
    model,
    accessTokenLifetime,
    requireClientAuthentication: { password: false, refresh_token: false },
  });
  const listener = createServer(async (incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const body = Object.fromEntries(new URLSearchParams(await text(incoming)));
    const request = new Request({ method, headers, query: {}, body });
    const response = new Response({});
    if (url.endsWith("token")) {
      await server.token(request, response).catch(() => {});
      grants.push([body.grant_type, response.status]);
      return sendJson(outgoing, response.status, response.body);
    }
    const token = await server.authenticate(request, response).catch(() => undefined);
    sendJson(outgoing, token ? 200 : 401, { username: token?.user.username });
  });
  const port = await listen(listener, 0, "none");
  return { url: `http://127.0.0.1:${port}`, grants, close: () => close(listener) };
}

function alive(token) {
  return token && !token.user.session.over ? token : undefined;
}
