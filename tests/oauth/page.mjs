import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The code of the page in docs/oauth.md, to the letter but for the server's addresses, and what the tests ask of it. */
export function documentedPage(url) {
  const [, code] = /^```js\n(import \{ completeSignIn.*?)^```$/ms.exec(readFileSync(path("docs/oauth.md"), "utf8"));
  const placed = code.replace("https://auth.example", url).replace("https://api.example/v1", `${url}/api`);
  return bundled(`
    import { claims, signOutWithRedirect } from "meshydb-client/oauth";
    ${placed}
    Object.assign(window, { claims, signOutWithRedirect, client, signedIn, connection });`);
}

/** A page that begins nothing by itself. */
export function barePage(url) {
  return bundled(`
    import * as oauth from "meshydb-client/oauth";
    const options = { issuer: "${url}", clientId: "my-app", scope: "openid offline_access", persistence: "local" };
    oauth.completePopup();
    window.createClient = () => oauth.createClient(options);
    window.client = await window.createClient();
    window.oauth = oauth;
    window.outcome = (promise) =>
      promise.then((value) => ({ value: value && value.claims.sub }), ({ code, message }) => ({ code, message }));`);
}

async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: path(".") },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "error",
    alias: { "meshydb-client/oauth": path("pkg/oauth.js") },
  });
  return outputFiles[0].text;
}
