import { GoTrueClient } from "@supabase/auth-js";

export async function accessToken(url, email, password) {
  const client = new GoTrueClient({ url });
  const stored = await client.getSession();
  const { data } = stored.data.session ? stored : await client.signInWithPassword({ email, password });
  return data.session.access_token;
}
