import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { bearer, jwt } from "better-auth/plugins";
import { close, listen, sendJson } from "../../dev/http.mjs";

const TABLES = ["user", "session", "account", "verification", "jwks"];
const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, content-type",
  "Access-Control-Allow-Methods": "GET, POST",
};

/**
 * Better Auth: `/api/auth/sign-in/email` answers with a session token, for which `/api/auth/token` answers with a JWT that lives
 * `lifetime` seconds, and that is what `/api/me` wants. Pages of `origins` may sign in; Node has to say that it is one of them,
 * or of the server's own. `answers` resolves to what it has answered so far, as `POST /path 200`; `endSessions` does what an
 * administrator does.
 */
export async function startBetterAuth({ lifetime = 300, origins = [] } = {}) {
  const user = { email: "alice@example.com", password: "wonderland" };
  const answered = [];
  const tables = Object.fromEntries(TABLES.map((table) => [table, []]));
  const server = createServer();
  const url = `http://127.0.0.1:${await listen(server, 0, "none")}`;
  const auth = betterAuth({
    baseURL: url,
    secret: crypto.randomUUID(),
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    plugins: [bearer(), jwt({ jwt: { expirationTime: `${lifetime}s` } })],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    trustedOrigins: origins,
  });
  await auth.api.signUpEmail({ body: { ...user, name: "Alice" } });
  tables.session.length = 0;
  const handle = toNodeHandler(auth);

  async function answerMe(request, response) {
    const token = request.headers.authorization?.replace("Bearer ", "");
    const { payload } = token ? await auth.api.verifyJWT({ body: { token } }) : {};
    sendJson(response, payload ? 200 : 401, { email: payload?.email });
  }

  server.on("request", async (request, response) => {
    const { method } = request;
    const { pathname } = new URL(request.url, url);
    for (const [name, value] of Object.entries(CORS)) response.setHeader(name, value);
    response.on("finish", () => answered.push(`${method} ${pathname} ${response.statusCode}`));
    if (method === "OPTIONS") response.writeHead(204).end();
    else if (pathname === "/api/me") await answerMe(request, response);
    else await handle(request, response);
  });
  return {
    url,
    user,
    answers: async () => [...answered],
    endSessions: () => tables.session.splice(0),
    close: () => close(server),
  };
}
