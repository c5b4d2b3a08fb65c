import { createHash } from "node:crypto";
import { escaped } from "./html.mjs";

const style = `
:root { color-scheme: light dark; --page: #eef0f4; --card: #fff; --ink: #181b22; --soft: #565d6b; --line: #d5d9e2;
  --field: #838b9b; --accent: #2f56c0; --accent-ink: #fff; --red: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --page: #101218; --card: #1a1d26; --ink: #e8eaf0; --soft: #a2a9b8; --line: #30343f; --field: #6f7787;
    --accent: #9db7ff; --accent-ink: #0e1a3d; --red: #ff9b92; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--page);
  color: var(--ink); font: 16px / 1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { width: 100%; max-width: 26rem; padding: 1.75rem; border: 1px solid var(--line); border-radius: 14px;
  background: var(--card); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.2; }
p, ul { margin: 0.75rem 0 0; }
ul { padding-left: 1.25rem; }
.issuer { margin: 0 0 0.25rem; }
.issuer, .note { color: var(--soft); font-size: 0.875rem; }
.problem { color: var(--red); font-weight: 600; }
label { display: block; margin: 1.25rem 0 0.25rem; font-size: 0.875rem; font-weight: 600; }
input, button { width: 100%; min-height: 2.75rem; padding: 0.5rem 0.875rem; border: 1px solid var(--field);
  border-radius: 8px; background: transparent; color: inherit; font: inherit; }
button { font-weight: 600; cursor: pointer; }
.primary { border-color: var(--accent); background: var(--accent); color: var(--accent-ink); }
.answers { display: grid; grid-template-columns: 1fr 1fr; gap: 0.625rem; margin-top: 1.25rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** What each scope lets a client do, as its user reads it. */
const meanings = {
  openid: "know who you are",
  "meshy.api": "use the API in your name",
  offline_access: "stay signed in until you sign out",
};

/** Asks the user who it is and whether the client may. `interaction` is oidc-provider's. */
export function signInPage(issuer, { params, session }, { username, problem } = {}) {
  const { client_id, redirect_uri, scope = "" } = params;
  const { origin } = new URL(redirect_uri);
  const shown = username ?? session?.accountId ?? params.login_hint ?? "";
  const wishes = scope.split(" ").map((name) => `<li>${escaped(meanings[name] ?? name)}</li>`);
  return page({
    issuer,
    title: "Sign in",
    next: origin,
    body: `
      <p><strong>${escaped(origin)}</strong> asks to</p>
      <ul>${wishes.join("")}</ul>
      <p class="note">Its client is <code>${escaped(client_id)}</code>.</p>
      <form method="post">
        <label for="username">User name</label>
        <input id="username" name="username" value="${escaped(shown)}" autocomplete="username" autocapitalize="none"
          spellcheck="false" autofocus${problem ? ' aria-invalid="true" aria-describedby="problem"' : ""}>
        ${problem ? `<p id="problem" class="problem" role="alert">${escaped(problem)}</p>` : ""}
        <div class="answers">
          <button class="primary" name="answer" value="allow">Allow</button>
          <button name="answer" value="deny">Deny</button>
        </div>
      </form>`,
  });
}

/** Asks the user whether to sign out here, too. `form` is oidc-provider's, without buttons. */
export function signOutPage(issuer, form, redirectUri) {
  return page({
    issuer,
    title: "Sign out",
    next: redirectUri && new URL(redirectUri).origin,
    body: `
      <p>You have signed out of the application. Sign out here, too? If not, the next sign-in knows who you are.</p>
      ${form}
      <div class="answers">
        <button class="primary" form="op.logoutForm" name="logout" value="yes">Sign out</button>
        <button form="op.logoutForm">Stay</button>
      </div>`,
  });
}

/** Says something, and asks nothing. */
export function messagePage(issuer, title, words) {
  return page({ issuer, title, body: `<p>${escaped(words)}</p>` });
}

/** `next` is the origin that a form of it leads to. */
function page({ issuer, title, body, next = "" }) {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "img-src data:",
    `form-action 'self' ${next}`.trim(),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": policy.join("; "),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · development server</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    <main>
      <p class="issuer">${escaped(issuer)}</p>
      <h1>${title}</h1>${body}
    </main>
  </body>
</html>
`;
  return { headers, html };
}
