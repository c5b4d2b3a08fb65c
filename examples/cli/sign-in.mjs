import { spawn } from "node:child_process";
import process from "node:process";
import { signInWithDevice, signInWithLoopback } from "meshydb-client/oauth";
import { exit, Failure } from "./output.mjs";
import { readPassword } from "./terminal.mjs";

const BROWSERS = { darwin: ["open"], win32: ["rundll32", "url.dll,FileProtocolHandler"] };
const REFUSALS = new Map([
  ["access_denied", "the sign-in was denied"],
  ["expired_token", "the sign-in was not answered in time"],
]);
const PATIENCE = 10_000;
/** Some servers give a refresh token to those alone who ask the user for it. */
const parameters = { prompt: "consent" };

/** With a password if there is a user, else in the browser, here or at another device. */
export async function signIn(client, server, { user, hasBrowser, signal }) {
  try {
    if (user !== undefined) await signInWithPassword(client, user, signal);
    else if (hasBrowser) await signInWithLoopback(client, { open, parameters, signal });
    else await signInWithDevice(client, { show, parameters, signal });
  } catch (error) {
    if (REFUSALS.has(error.error)) throw new Failure(REFUSALS.get(error.error), exit.refused);
    throw (await otherName(server, error)) ?? error;
  }
}

async function signInWithPassword(client, user, signal) {
  try {
    await client.login(user, await readPassword(), { signal });
  } catch (error) {
    if (error.code === "invalid_grant") throw new Failure("wrong user name or password", exit.refused);
    throw error;
  }
}

function show({ verificationUri, userCode }) {
  tell(`Open ${verificationUri} and enter ${userCode}`);
}

function open(url) {
  tell(`Open ${url}`);
  const [program, ...args] = BROWSERS[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => tell("No browser could be opened here. At another device: meshy login --no-browser")).unref();
}

function tell(line) {
  process.stderr.write(`${line}\n`);
}

/** The failure that says how the server writes its issuer, if it is that. */
async function otherName({ issuer, tokenEndpoint }, { code }) {
  if (tokenEndpoint || !["network", "invalid_response"].includes(code)) return;
  try {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const { issuer: written } = await (await fetch(url, { signal: AbortSignal.timeout(PATIENCE) })).json();
    const text = `the issuer ${issuer} calls itself ${JSON.stringify(written)}: write it so`;
    if (written !== issuer) return new Failure(text, exit.usage);
  } catch {}
}
