import { afterEach } from "node:test";
import { createClient, signInWithRedirect } from "../../pkg/oauth.js";
import { Storage, Tab } from "../shared/tab.mjs";

export const ISSUER = "https://auth.example";
export const APP = "https://app.example/";
export const OIDC = "/.well-known/openid-configuration";
export const RFC_8414 = "/.well-known/oauth-authorization-server";
export const metadata = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/t`,
};
export const tokens = { access_token: "a", token_type: "Bearer", refresh_token: "r", expires_in: 60 };

/** The paths that a test has asked for. */
export const asked = [];
afterEach(() => {
  asked.length = 0;
});

/** A server that has `documents` at its paths. */
export function serverOf(documents) {
  return async (url, init) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    const answer = documents[pathname] ?? new Response("", { status: 404 });
    return typeof answer === "function" ? answer(init) : answer.clone();
  };
}

export function create(options) {
  return createClient({ issuer: ISSUER, clientId: "app", ...options });
}

/** A tab that has begun a sign-in, and where it is left for. */
export async function begin(options, more) {
  const client = await create(options);
  const tab = new Tab(APP);
  tab.show(new Storage());
  const leaving = signInWithRedirect(client, { redirectUri: APP, ...more });
  return { client, tab, url: new URL(await Promise.race([tab.left, leaving])) };
}

/** Brings the tab back from there with a code. */
export function comeBack({ tab, url }) {
  tab.url = `${APP}?code=the-code&state=${url.searchParams.get("state")}`;
  tab.show(new Storage());
}

/** An ID token of alice's. Nobody looks at its signature. */
export function idToken(claims) {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: ISSUER, aud: "app", sub: "alice", iat: now, exp: now + 600, ...claims };
  const parts = [{ alg: "ES256" }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...parts, "c2ln"].join(".");
}
