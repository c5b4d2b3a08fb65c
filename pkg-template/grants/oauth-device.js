import { parsed, readText } from "../fetches/answers.js";
import { check, failure } from "../fetches/errors.js";
import { stateOf } from "./oauth-client.js";
import { claims } from "./oauth-code.js";
import { abortable, checkSignal, isSafe, typed } from "./oauth-errors.js";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** Seconds (RFC 8628 section 3.5). */
const SLOWER = 5;

function pause(milliseconds, signal) {
  return abortable(signal, (resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** The answer without an interval that is no time, so that the default holds. */
async function withInterval(response) {
  const text = await readText(response);
  const { interval, ...members } = Object(parsed(text));
  const asked = +interval > 0 ? +interval : undefined;
  return new Response(interval === undefined ? text : JSON.stringify({ ...members, interval: asked }), response);
}

async function askForCode({ server, scope }, parameters) {
  await server.endpoint("deviceAuthorizationEndpoint");
  const { deviceAuthorizationRequest, processDeviceAuthorizationResponse } = await import("./oauth-device-peer.js");
  const metadata = await server.metadata;
  const { client, authenticate, requests } = server;
  try {
    const form = { ...parameters, client_id: client.client_id, ...(scope && { scope }) };
    const response = await deviceAuthorizationRequest(metadata, client, authenticate, form, requests);
    const found = await processDeviceAuthorizationResponse(metadata, client, await withInterval(response));
    if (isSafe(found.verification_uri) && isSafe(found.verification_uri_complete ?? found.verification_uri))
      return found;
  } catch (error) {
    throw typed(error);
  }
  throw failure("invalid_response", "verification_uri is neither https nor of this machine");
}

export async function signInWithDevice(client, { show, parameters, signal } = {}) {
  const state = stateOf(client);
  check(typeof show === "function", "show", "a function");
  checkSignal(signal);
  const found = await askForCode(state, parameters);
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval = SLOWER } = found;
  const expiresAt = Date.now() + expires_in * 1000;
  const [userCode, verificationUri, verificationUriComplete] = [user_code, verification_uri, verification_uri_complete];
  await show({ userCode, verificationUri, verificationUriComplete, expiresAt });
  for (let seconds = interval; ; ) {
    await pause(Math.min(seconds * 1000, expiresAt - Date.now()), signal);
    if (Date.now() >= expiresAt)
      throw failure("refused", "the user has not answered in time", { error: "expired_token" });
    const connection = await poll(state, device_code, signal);
    if (connection.error === "slow_down") seconds += SLOWER;
    else if (connection.retryable) seconds = Math.max(2 * seconds, connection.retryAfter ?? 0);
    else if (connection.error !== "authorization_pending") return { connection, claims: claims(connection) };
  }
}

/** The session, or the error after which to ask again. */
async function poll({ core, server, asksForIdToken }, device_code, signal) {
  const expected = { isRequired: asksForIdToken };
  server.expected.set(device_code, expected);
  try {
    return await core.loginWithGrant(GRANT, { device_code }, { signal });
  } catch (error) {
    if (expected.error) throw expected.error;
    if (error.retryable || error.error === "slow_down" || error.error === "authorization_pending") return error;
    throw error;
  } finally {
    server.expected.delete(device_code);
  }
}
