import { useClient, useConnection } from "meshydb-client/react";
import { useState } from "react";

export function App({ client }) {
  const { ready, connection } = useClient(client);
  if (!ready) return <main aria-busy="true">…</main>;
  return <main>{connection ? <Home connection={connection} /> : <SignIn client={client} />}</main>;
}

function SignIn({ client }) {
  const [error, setError] = useState(null);
  const signIn = (event) => {
    event.preventDefault();
    const { username, password } = event.currentTarget.elements;
    client.login(username.value, password.value).catch(setError);
  };
  return (
    <form onSubmit={signIn}>
      <input name="username" autoComplete="username" required aria-label="User name" />
      <input name="password" autoComplete="current-password" type="password" required aria-label="Password" />
      <button type="submit">Sign in</button>
      {error && <p role="alert">{error.code}</p>}
    </form>
  );
}

function Home({ connection }) {
  const session = useConnection(connection);
  const [user, setUser] = useState("");
  const ask = async () => setUser((await (await connection.fetch("me")).json()).username);
  return (
    <section>
      <p>
        Signed in, generation <output>{session?.generation}</output>
      </p>
      <button type="button" onClick={ask}>
        Who am I?
      </button>
      <p id="user">{user}</p>
      <button type="button" onClick={() => connection.signout()}>
        Sign out
      </button>
    </section>
  );
}
