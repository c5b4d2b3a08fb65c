import { startPythonServer } from "./python-server.mjs";
import { submit } from "./tab.mjs";

const USER = { user_name: "alice", password: "wonderland" };
const SCOPE = ["openid", "profile"];

/**
 * Canaille, an OpenID provider. It has the clients `my-app`, public, of the page at `appUrl`, and `confidential`, with a
 * secret; ID tokens are signed by `algorithm`.
 */
export function startCanaille({ appUrl, algorithm = "ES256" }) {
  const page = {
    client_uri: appUrl,
    redirect_uris: [appUrl],
    post_logout_redirect_uris: [appUrl],
    response_types: ["code"],
    scope: SCOPE,
    id_token_signed_response_alg: algorithm,
  };
  const grant_types = ["authorization_code", "refresh_token"];
  return startPythonServer("canaille_server", {
    user: USER,
    clients: [
      { ...page, client_id: "my-app", client_name: "Things", token_endpoint_auth_method: "none", grant_types },
      {
        ...page,
        client_id: "confidential",
        client_name: "Jobs",
        client_secret: "s3cret & more",
        token_endpoint_auth_method: "client_secret_basic",
        grant_types: [...grant_types, "client_credentials"],
      },
    ],
  });
}

/** What a browser that is new there, and alice, do from a URL on until they are at the application's, whose URL that is. */
export async function signInAtCanaille(start, appOrigin, { consent = "accept" } = {}) {
  const cookies = new Map();
  let page = await submit(start, {}, cookies, appOrigin);
  for (const answer of [{ login: USER.user_name }, { password: USER.password }, { answer: consent }]) {
    if (page.status) page = await submit(page.url, { ...page.fields, ...answer }, cookies, appOrigin);
  }
  return page.url;
}
