/** Signs in, refreshes and makes an authorised call. `between` is waited for once signed in. */
export async function use(initialize, url, { username = "alice", password = "wonderland", persistence, between } = {}) {
  try {
    const options = { authUrl: url, apiUrl: `${url}/api`, persistence: persistence ?? "none" };
    const client = await initialize("demo", "demo-public-key", options);
    const connection = await client.login(username, password);
    await between?.();
    const token = await connection.getAccessToken();
    const next = await connection.getAccessToken({ rejected: token });
    const user = await (await connection.fetch("me")).json();
    await rest(connection);
    return { username: user.username, isRefreshed: next !== token, ...state(client, connection) };
  } catch (error) {
    return { error: error.name, code: error.code ?? null, message: error.message };
  }
}

/** Waits until the last token is stored. */
async function rest(connection) {
  while (connection.getSnapshot().state === "refreshing") {
    await new Promise((resolve) => {
      const stop = connection.subscribe(() => resolve(stop()));
    });
  }
}

function state(client, connection) {
  const { state, generation } = connection.getSnapshot();
  return { state, generation, storage: client.getSnapshot().storage };
}
