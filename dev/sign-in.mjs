import { text } from "node:stream/consumers";
import { isOfThisMachine } from "./http.mjs";
import { errors } from "./oidc-provider.mjs";
import { messagePage, signInPage, signOutPage } from "./sign-in-pages.mjs";

const tooLate = "This sign-in is over. Begin it anew at the application.";

/** Shows the page of a sign-in, and takes what the user answers there: who it is, and whether the client may. */
export async function answerSignIn(request, response, provider) {
  const { issuer } = provider;
  const interaction = await findInteraction(provider, request, response);
  if (!interaction) return send(response, 400, messagePage(issuer, "Too late", tooLate));
  if (request.method !== "POST") return send(response, 200, signInPage(issuer, interaction));

  const form = new URLSearchParams(await text(request));
  if (form.get("answer") !== "allow") {
    const denial = { error: "access_denied", error_description: "the user has denied it" };
    return provider.interactionFinished(request, response, denial);
  }
  const username = form.get("username") ?? "";
  const account = await provider.Account.findAccount(undefined, username);
  if (!account) {
    const problem = username ? `There is no user ${username} here.` : "Who are you?";
    return send(response, 400, signInPage(issuer, interaction, { username, problem }));
  }
  const { accountId } = account;
  const { client_id, scope = "" } = interaction.params;
  const grant = new provider.Grant({ accountId, clientId: client_id });
  grant.addOIDCScope(scope);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId }, consent });
}

/** What oidc-provider is to show and to allow where a user signs out by OpenID Connect RP-Initiated Logout. */
export function signOutPages(issuer) {
  const show = (context, { headers, html }) => {
    context.set(headers);
    context.body = html;
  };
  return {
    logoutSource: (context, form) =>
      show(context, signOutPage(issuer, form, context.oidc.params.post_logout_redirect_uri)),
    postLogoutSuccessSource: (context) => show(context, messagePage(issuer, "Signed out", "You can close this page.")),
  };
}

/** A client may have any page of this machine to come back to. */
export function allowThisMachine({ Client }) {
  const isAllowed = (uri) =>
    URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol) && isOfThisMachine(new URL(uri).host);
  Client.prototype.redirectUriAllowed = isAllowed;
  Client.prototype.postLogoutRedirectUriAllowed = isAllowed;
}

async function findInteraction(provider, request, response) {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

function send(response, status, { headers, html }) {
  response.writeHead(status, headers);
  response.end(html);
}
