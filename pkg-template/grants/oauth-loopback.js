import { check, failure } from "../fetches/errors.js";
import { stateOf } from "./oauth-client.js";
import { finish, prepare } from "./oauth-code.js";
import { abortable, checkSignal } from "./oauth-errors.js";

const HOST = "127.0.0.1";
const PATH = "/callback";
const SAID = "You can close this window now.\n";

/** Takes the one answer with that state, and tells whoever brings it. Nothing else that comes counts. */
function takeAnswer(server, state, resolve) {
  server.on("request", ({ method, url }, response) => {
    const [path, query] = url.split("?");
    const parameters = new URLSearchParams(query);
    const isAnswer = method === "GET" && path === PATH && parameters.get("state") === state;
    response.writeHead(isAnswer ? 200 : 404, { "content-type": "text/plain", "cache-control": "no-store" });
    response.end(isAnswer ? SAID : "", () => isAnswer && resolve(parameters));
  });
}

function listen(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, HOST, () => resolve(server.address().port));
  });
}

export async function signInWithLoopback(client, { open, parameters, signal } = {}) {
  const state = stateOf(client);
  check(typeof open === "function", "open", "a function");
  checkSignal(signal);
  const server = globalThis.process?.getBuiltinModule?.("node:http")?.createServer();
  if (!server) throw failure("unsupported", "it needs Node 20.16 or newer");
  try {
    const redirectUri = `http://${HOST}:${await listen(server)}${PATH}`;
    const { url, transaction } = await prepare(state, { redirectUri, parameters });
    const answer = await abortable(signal, (resolve, reject) => {
      takeAnswer(server, transaction.state, resolve);
      Promise.resolve(url).then(open).catch(reject);
    });
    return await finish(state, answer, transaction);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
