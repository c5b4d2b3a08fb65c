import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { report } from "./http.mjs";
import { errors, Provider } from "./oidc-provider.mjs";
import { allowThisMachine, signOutPages } from "./sign-in.mjs";
import { TokenStore } from "./token-store.mjs";

const grantTypes = ["password", "refresh_token", "authorization_code"];
const scopes = ["meshy.api", "offline_access"];
const anHour = 3600;
const aYear = 365 * 24 * anHour;

/** The authorization server of one tenant of one account: nothing issued here is known to another. */
export function createProvider({ issuer, publicKey, secret, users, reuseWindow, ...lifetimes }) {
  const store = new TokenStore(reuseWindow);
  const findAccount = (_context, username) => {
    const known = users.some((user) => user.username === username);
    return known ? { accountId: username, claims: () => ({ sub: username }) } : undefined;
  };

  const provider = new Provider(issuer, {
    adapter: (model) => store.adapter(model),
    clientBasedCORS: () => true,
    clients: [
      {
        client_id: publicKey,
        ...(secret
          ? { client_secret: secret, token_endpoint_auth_method: "client_secret_basic" }
          : { token_endpoint_auth_method: "none" }),
        grant_types: grantTypes,
        response_types: ["code"],
        redirect_uris: ["http://127.0.0.1/"],
        id_token_signed_response_alg: "ES256",
      },
    ],
    // oidc-provider counts in whole seconds, rounded down; the store ends each token on time.
    clockTolerance: 1,
    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      // Cookies are shared by all ports of a host, so that each issuer needs a name of its own.
      names: { session: `session-${fingerprint(issuer)}` },
      long: { httpOnly: true, sameSite: "lax" },
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: true, ...signOutPages(issuer) },
      userinfo: { enabled: false },
    },
    findAccount,
    interactions: { url: (_context, { uid }) => `${new URL(issuer).pathname}/connect/sign-in/${uid}` },
    jwks: { keys: [generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" })] },
    renderError: (context, answer) => {
      context.body = answer;
    },
    responseTypes: ["code"],
    rotateRefreshToken: true,
    routes: {
      authorization: "/connect/authorize",
      end_session: "/connect/sign-out",
      jwks: "/connect/jwks",
      token: "/connect/token",
      revocation: "/connect/revocation",
      introspection: "/connect/introspect",
    },
    scopes: ["openid", ...scopes],
    ttl: {
      AccessToken: lifetimes.accessTokenLifetime,
      AuthorizationCode: 60,
      Grant: aYear,
      IdToken: anHour,
      Interaction: anHour,
      RefreshToken: lifetimes.refreshTokenLifetime,
      Session: anHour,
    },
  });

  allowThisMachine(provider);
  provider.registerGrantType("password", passwordGrant(users), ["username", "password", "scope"]);
  provider.use(async (context, next) => {
    await next();
    noteGrant(context.req, context.oidc?.params ?? {});
  });
  provider.on("server_error", (_context, error) => report(error));
  provider.app.on("error", report);
  return provider;
}

function passwordGrant(users) {
  return async (context, next) => {
    const { client, params, provider } = context.oidc;
    for (const name of ["username", "password"]) {
      if (params[name] === undefined) throw new errors.InvalidRequest(`missing required parameter "${name}"`);
    }
    const scope = params.scope ?? "meshy.api";
    const unknown = scope.split(" ").filter((name) => !scopes.includes(name));
    if (unknown.length > 0) throw new errors.InvalidScope("requested scope is not known", unknown.join(" "));

    const user = users.find(({ username, password }) => username === params.username && password === params.password);
    if (!user) throw new errors.InvalidGrant("wrong username or password");

    context.body = await issue({ provider, client, accountId: user.username, scope });
    await next();
  };
}

async function issue({ provider, client, accountId, scope }) {
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const common = { accountId, client, scope, grantId: await grant.save(), gty: "password" };

  const accessToken = new provider.AccessToken(common);
  const answer = {
    access_token: await accessToken.save(),
    expires_in: accessToken.expiration,
    token_type: "Bearer",
    scope,
  };
  if (scope.split(" ").includes("offline_access")) {
    answer.refresh_token = await new provider.RefreshToken(common).save();
  }
  return answer;
}

/** What the log may know of a grant: of the refresh token only a hash. */
export function noteGrant(request, { grant_type, refresh_token }) {
  if (!grantTypes.includes(grant_type)) return;
  const isRefresh = grant_type === "refresh_token" && refresh_token;
  request.grant = { grant_type, fingerprint: isRefresh ? fingerprint(refresh_token) : null };
}

function fingerprint(token) {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}
