import { GoTrueClient } from "@supabase/auth-js";

export async function open({ url }) {
  const client = new GoTrueClient({ url });
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
