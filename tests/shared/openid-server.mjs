import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { close, listen, report, sendJson } from "../../dev/http.mjs";
import { Provider } from "../../dev/oidc-provider.mjs";
import MemoryAdapter from "../../node_modules/oidc-provider/lib/adapters/memory_adapter.js";

const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
const SCOPES = ["openid", "offline_access", "things"];
const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization" };
const submitted = (form) =>
  `<!doctype html><body>${form}<script>
    const answer = Object.assign(document.createElement("input"), { type: "hidden", name: "logout", value: "yes" });
    document.forms[0].append(answer);
    document.forms[0].submit();
  </script></body>`;

function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { public: publicKey.export({ format: "jwk" }), private: privateKey.export({ format: "jwk" }) };
}

/** The private key of the client `keyed`, as a JWK; the server knows the public one. */
export const clientKey = newKey();

/**
 * An OpenID provider of one test: whoever comes is signed in as alice, who consents. It has the clients `my-app`, public, of the
 * page at `appUrl`, `program`, public, at any port of 127.0.0.1, and those that have to prove who they are: `confidential`, `posting` and `keyed`. `logins` counts sign-ins
 * that had to ask, `grants` has the forms of token requests, `revocations` the statuses of the others, and `hold` catches the next of them before its answer, as the one
 * who lets it go on. `hesitate` catches the next authorization request, which is never answered: a user who looks at the page.
 */
export async function startOpenIdServer({ appUrl, features = {}, lifetime = 3_600 }) {
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const state = {
    url,
    logins: 0,
    grants: [],
    paths: [],
    revocations: [],
    held: undefined,
    hesitant: undefined,
    close: () => close(server),
  };
  const provider = new Provider(url, {
    adapter: class extends MemoryAdapter {},
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
    clientBasedCORS: () => true,
    clients: [
      {
        client_id: "my-app",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token", DEVICE_CODE],
        response_types: ["code"],
        redirect_uris: [appUrl],
        post_logout_redirect_uris: [appUrl],
        id_token_signed_response_alg: "ES256",
      },
      {
        client_id: "program",
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: ["http://127.0.0.1/callback"],
        id_token_signed_response_alg: "ES256",
      },
      ...[
        { client_id: "confidential", client_secret: "s3cret & more" },
        { client_id: "posting", client_secret: "s3cret & more", token_endpoint_auth_method: "client_secret_post" },
        { client_id: "keyed", token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [clientKey.public] } },
      ].map((client) => ({
        ...client,
        grant_types: ["authorization_code", "refresh_token", "client_credentials"],
        response_types: ["code"],
        redirect_uris: [appUrl],
        id_token_signed_response_alg: "ES256",
      })),
    ],
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: (context, form) => setBody(context, submitted(form)) },
      ...features,
    },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    jwks: { keys: [newKey().private] },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(SCOPES.join(" "));
      await grant.save();
      return grant;
    },
    renderError: setBody,
    rotateRefreshToken: true,
    scopes: SCOPES,
    ttl: {
      AccessToken: lifetime,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 600,
      IdToken: 600,
    },
  });
  provider.use(async (context, next) => {
    await next();
    if (context.path === "/token/revocation" && context.method === "POST") state.revocations.push(context.status);
    if (context.path !== "/token" || context.method !== "POST") return;
    state.grants.push({ ...context.oidc?.params, status: context.status });
    const { held } = state;
    state.held = undefined;
    if (held) await new Promise((release) => held(release));
  });
  provider.on("server_error", (_context, error) => report(error));
  provider.app.on("error", report);
  const handle = provider.callback();
  server.on("request", async (request, response) => {
    const { pathname } = new URL(request.url, url);
    state.paths.push(`${request.method} ${pathname}`);
    if (pathname === "/auth" && state.hesitant) {
      state.hesitant();
      state.hesitant = undefined;
      return;
    }
    if (pathname.startsWith("/interaction/")) {
      state.logins += 1;
      return provider.interactionFinished(request, response, { login: { accountId: "alice" }, consent: {} });
    }
    if (!pathname.startsWith("/api/")) return handle(request, response);
    const token = request.headers.authorization?.replace("Bearer ", "");
    const found = token && (await provider.AccessToken.find(token));
    sendJson(response, request.method === "OPTIONS" || found ? 200 : 401, { user: found?.accountId, pathname }, CORS);
  });
  state.hold = () =>
    new Promise((caught) => {
      state.held = caught;
    });
  state.hesitate = () =>
    new Promise((caught) => {
      state.hesitant = caught;
    });
  state.count = (grantType) => state.grants.filter(({ grant_type }) => grant_type === grantType).length;
  return state;
}

function setBody(context, body) {
  context.body = body;
}
