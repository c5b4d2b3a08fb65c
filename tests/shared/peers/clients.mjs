import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/steps.mjs";
import { bundled as bundledScript, titleOf } from "./peers.mjs";

const { version } = JSON.parse(readFileSync(join(root, "pkg/package.json"), "utf8"));

/**
 * A client's page module exports `open({ url, timeout })`: it goes on with the session that is stored, or signs in, and
 * resolves to `token()` and `signOut()`.
 */
export const own = { name: `meshydb-client ${version}`, page: "meshydb-client.js" };

export const peers = [
  { name: titleOf("@supabase/auth-js"), page: "supabase.js" },
  { name: titleOf("@auth0/auth0-spa-js"), page: "auth0.js" },
  { name: titleOf("oidc-client-ts"), page: "oidc-client-ts.js" },
  { name: titleOf("keycloak-js"), page: "keycloak-js.js" },
  { name: titleOf("@badgateway/oauth2-client"), page: "badgateway.js" },
];

/** The page module with all that it imports, as one script. */
export function bundled({ page }, options) {
  return bundledScript(join(import.meta.dirname, "clients", page), options);
}
