import { payloadOf } from "../fetches/answers.js";
import { failure } from "../fetches/errors.js";
import { typed } from "./oauth-errors.js";
import { namesIssuer } from "./oauth-server.js";
import { anew } from "./oauth-transaction.js";

/** Resolves to what a sign-in needs at its end, and to the URL that begins it. */
export async function prepare(
  { peer, server, clientId, scope, resource, asksForIdToken },
  { redirectUri, returnTo, parameters },
  prefix = "",
) {
  const authorizationEndpoint = await server.endpoint("authorizationEndpoint");
  const metadata = await server.metadata;
  const verifier = peer.generateRandomCodeVerifier();
  const state = prefix + peer.generateRandomState();
  const nonce = asksForIdToken ? peer.generateRandomNonce() : undefined;
  const request = {
    ...parameters,
    response_type: "code",
    redirect_uri: redirectUri,
    client_id: clientId,
    scope,
    resource,
    state,
    nonce,
    code_challenge: await peer.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  };
  const pushed = await push(peer, server, metadata, request);
  const url = new URL(authorizationEndpoint);
  for (const [name, value] of Object.entries(pushed ?? request)) if (value) url.searchParams.set(name, value);
  return { url: url.href, transaction: { metadata, state, nonce, verifier, redirectUri, returnTo } };
}

/** Pushes the request (RFC 9126) where the server takes it; nothing where it does not and need not. */
async function push(peer, server, metadata, request) {
  if (!metadata.pushed_authorization_request_endpoint) return;
  const { client, authenticate, requests } = server;
  const form = new URLSearchParams(Object.entries(request).filter((pair) => pair[1]));
  try {
    const response = await peer.pushedAuthorizationRequest(metadata, client, authenticate, form, requests);
    const answer = await server.whole(response);
    const { request_uri } = await peer.processPushedAuthorizationResponse(metadata, client, answer);
    return { client_id: request.client_id, request_uri };
  } catch (error) {
    if (metadata.require_pushed_authorization_requests) throw typed(error);
  }
}

/** What comes of the answer to a sign-in. */
export async function finish(state, parameters, transaction) {
  const { peer, server } = state;
  const { metadata, returnTo } = transaction;
  server.know(metadata);
  if (!namesIssuer(metadata)) parameters.delete("iss");
  const connection = await exchange(state, answeredCode(peer, server, parameters, transaction), transaction);
  return { connection, claims: claims(connection), returnTo: returnTo ?? null };
}

function answeredCode({ validateAuthResponse }, { client }, parameters, { metadata, state }) {
  try {
    const codes = validateAuthResponse(metadata, client, parameters, state).getAll("code");
    if (codes.length === 1) return codes[0];
  } catch (error) {
    throw typed(error);
  }
  throw failure("invalid_response", "the answer has not one code");
}

/** Sends the code, once. */
async function exchange({ core, server }, code, { redirectUri, verifier, nonce }) {
  const expected = { nonce, isRequired: nonce !== undefined };
  server.expected.set(code, expected);
  try {
    const parameters = { code, redirect_uri: redirectUri, code_verifier: verifier };
    return await core.loginWithGrant("authorization_code", parameters);
  } catch (error) {
    throw anew(expected.error ?? error);
  } finally {
    server.expected.delete(code);
  }
}

export function claims(connection) {
  return payloadOf(connection.retrieveIdToken());
}
