import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { close, listen, sendJson } from "../../dev/http.mjs";

const LIFETIME = 3_600;

/**
 * Supabase's Auth server as its documents have it: password and refresh grants in JSON at `/auth/v1/token`, `/auth/v1/logout` and
 * `/auth/v1/user`. Refresh tokens rotate, and count once. `answers` has what it answered, as `POST /path?query 200`.
 */
export async function startSupabase() {
  const user = { email: "alice@example.com", password: "wonderland" };
  const answered = [];
  const sessions = new Set();
  const refreshTokens = new Map();
  const newToken = () => randomBytes(12).toString("base64url");

  function tokens(session) {
    session.token = newToken();
    const refresh_token = newToken();
    refreshTokens.set(refresh_token, session);
    const expires_at = Math.floor(Date.now() / 1000) + LIFETIME;
    const common = { token_type: "bearer", expires_in: LIFETIME, expires_at, user: { email: user.email } };
    return [200, { ...common, access_token: session.token, refresh_token }];
  }

  function refused(error_code, msg) {
    return [400, { code: 400, error_code, msg }];
  }

  const endpoints = {
    "POST /auth/v1/token?grant_type=password"({ email, password }) {
      if (email !== user.email || password !== user.password)
        return refused("invalid_credentials", "Invalid login credentials");
      const session = {};
      sessions.add(session);
      return tokens(session);
    },
    "POST /auth/v1/token?grant_type=refresh_token"({ refresh_token }) {
      const session = refreshTokens.get(refresh_token);
      if (!session) return refused("refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
      if (!sessions.has(session)) return refused("session_not_found", "Session from session_id claim does not exist");
      if (session.spent?.has(refresh_token))
        return refused("refresh_token_already_used", "Invalid Refresh Token: Already Used");
      session.spent = (session.spent ?? new Set()).add(refresh_token);
      return tokens(session);
    },
    "POST /auth/v1/logout?scope=local": (_body, session) => (session ? [204, sessions.delete(session)] : [401, {}]),
    "GET /auth/v1/user": (_body, session) => (session ? [200, { email: user.email }] : [401, {}]),
  };

  const server = createServer(async (request, response) => {
    const what = `${request.method} ${request.url}`;
    const body = await text(request);
    const token = request.headers.authorization?.replace("Bearer ", "");
    const session = [...sessions].find((one) => one.token === token);
    const hasKey = request.headers.apikey === "sb_publishable_key";
    const endpoint = hasKey ? endpoints[what] : () => [401, { message: "No API key found in request" }];
    const [status, answer] = endpoint?.(body ? JSON.parse(body) : {}, session) ?? [404, {}];
    answered.push(`${what} ${status}`);
    sendJson(response, status, answer);
  });
  const url = `http://127.0.0.1:${await listen(server, 0, "none")}`;
  return { url, user, answers: async () => [...answered], close: () => close(server) };
}
