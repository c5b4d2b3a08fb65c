import { startPythonServer } from "./python-server.mjs";

/**
 * Django with djangorestframework-simplejwt, whose refresh tokens rotate, and are refused when they come again:
 * `/api/token/`, `/api/token/refresh/`, `/api/token/blacklist/`, and `/api/me`, which wants an access token.
 */
export async function startSimpleJwt({ lifetime = 300 } = {}) {
  const user = { username: "alice", password: "wonderland" };
  return { ...(await startPythonServer("simplejwt_server", { lifetime, user })), user };
}
