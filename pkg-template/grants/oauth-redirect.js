import { check, failure } from "../fetches/errors.js";
import { stateOf } from "./oauth-client.js";
import { finish, prepare } from "./oauth-code.js";
import { checkOwn } from "./oauth-errors.js";
import { keep, once, takeAnswer } from "./oauth-transaction.js";

/** By binding: sign-ins that are being completed. */
const completing = new Map();

/** Rejects if the page is shown again. */
function leaveFor(url) {
  return new Promise((_, reject) => {
    const shown = ({ persisted }) => persisted && reject(failure("aborted", "the page was shown again"));
    globalThis.addEventListener?.("pageshow", shown, { once: true });
    location.assign(url);
  });
}

export async function signInWithRedirect(client, options) {
  const state = stateOf(client);
  if (!globalThis.location) throw failure("unsupported", "it is for pages");
  checkOwn(options?.redirectUri, "redirectUri");
  if (options.returnTo !== undefined) checkOwn(options.returnTo, "returnTo", location.href);
  const { url, transaction } = await prepare(state, options);
  keep(state.binding, transaction);
  return leaveFor(url);
}

export function completeSignIn(client) {
  try {
    const state = stateOf(client);
    const { binding } = state;
    const answer = takeAnswer(binding);
    if (!answer) return completing.get(binding) ?? Promise.resolve(null);
    const { parameters, transaction } = answer;
    const { calculatePKCECodeChallenge } = state.peer;
    const exchange = () => finish(state, parameters, transaction);
    const completed = once(transaction, calculatePKCECodeChallenge, exchange).finally(() => {
      if (completing.get(binding) === completed) completing.delete(binding);
    });
    completing.set(binding, completed);
    return completed;
  } catch (error) {
    return Promise.reject(error);
  }
}

export async function signOutWithRedirect(client, { connection, postLogoutRedirectUri } = {}) {
  const { server, clientId } = stateOf(client);
  if (!globalThis.location) throw failure("unsupported", "it is for pages");
  check(typeof connection?.signout === "function", "connection", "that of the session");
  if (postLogoutRedirectUri !== undefined) checkOwn(postLogoutRedirectUri, "postLogoutRedirectUri");
  const idToken = connection.retrieveIdToken();
  const finding = server.endpoint("endSessionEndpoint");
  finding.catch(() => {});
  await connection.signout();
  const url = new URL(await finding);
  const parameters = { id_token_hint: idToken, client_id: clientId, post_logout_redirect_uri: postLogoutRedirectUri };
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.set(name, value);
  return leaveFor(url.href);
}
