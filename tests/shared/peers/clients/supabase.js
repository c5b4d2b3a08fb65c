import { GoTrueClient } from "@supabase/auth-js";

export async function open({ url }) {
  const client = new GoTrueClient({ url, fetch: fetchCompleted });
  const { data } = await client.getSession();
  if (!data.session) {
    const { error } = await client.signInWithPassword({ email: "alice@example.com", password: "wonderland" });
    if (error) throw error;
  }
  const token = async () => {
    const { data, error } = await client.getSession();
    if (error) throw error;
    return data.session?.access_token;
  };
  return { token, signOut: () => client.signOut().then(() => {}) };
}

/** With what this client's own server adds to an answer: the user, and by its clock when the access token expires. */
async function fetchCompleted(...request) {
  const response = await fetch(...request);
  const answer = await response.json();
  const [, claims] = answer.access_token?.split(".") ?? [];
  if (!claims) return Response.json(answer, response);
  const { exp, sub } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
  return Response.json({ ...answer, expires_at: exp, user: { id: sub } });
}
