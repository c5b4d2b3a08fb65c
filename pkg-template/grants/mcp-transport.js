import { check, failure } from "../fetches/errors.js";
import { challengeOf } from "./mcp-resource.js";
import { peerOf } from "./oauth-errors.js";

function checkConnection(connection) {
  check(typeof connection?.getAccessToken === "function", "connection", "that of a session");
}

/** After a 401 its transport asks once more, for which it takes a token, but does not say of which token the 401 was. */
export function authProvider(connection) {
  checkConnection(connection);
  let sent;
  let retries = 0;
  return {
    async token() {
      const isRetry = retries > 0;
      if (isRetry) retries -= 1;
      const token = await connection.getAccessToken();
      if (!isRetry) sent = token;
      return token;
    },
    async onUnauthorized() {
      await connection.getAccessToken({ rejected: sent });
      retries += 1;
    },
  };
}

export function authorizedFetch(connection) {
  checkConnection(connection);
  return async (input, init) => {
    const response = await connection.fetch(input, init);
    if (response.status !== 403) return response;
    const { error, scope } = await challengeOf(await peerOf(import("./mcp-peer.js")), response);
    if (error !== "insufficient_scope") return response;
    response.body?.cancel().catch(() => {});
    throw failure("refused", "the MCP server asks for more scope", { status: 403, error, scope });
  };
}
