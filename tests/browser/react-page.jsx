import { initialize } from "meshydb-client";
import { useClient, useConnection } from "meshydb-client/react";
import refresh from "react-refresh/runtime";

// Before React: it looks for this when it is loaded.
refresh.injectIntoGlobalHook(window);
const { StrictMode, useEffect, useState } = await import("react");
const { createRoot } = await import("react-dom/client");

const tokens = { access_token: "at", token_type: "Bearer", expires_in: 3600, refresh_token: "rt" };
const fetch = async () => Response.json(tokens);
const open = (options) => initialize("demo", "demo-key", { fetch, ...options });

function textOf({ ready, connection, error }, session) {
  return [ready ? "ready" : "not ready", connection && "signed in", session?.state, error?.argument]
    .filter(Boolean)
    .join(", ");
}

const shown = [];
function Session({ client }) {
  const snapshot = useClient(client);
  const session = useConnection(snapshot.connection);
  const text = textOf(snapshot, session);
  if (shown.at(-1) !== text) shown.push(text);
  return text;
}

/** Makes its client, and disposes of it when it is gone. */
function Owner({ made }) {
  const [client, setClient] = useState(null);
  useEffect(() => {
    const opening = open().then((opened) => {
      made.push(opened);
      setClient(opened);
      return opened;
    });
    return () => opening.then((opened) => opened[Symbol.dispose]());
  }, [made]);
  return <Session client={client} />;
}

const root = createRoot(document.getElementById("root"));
const show = (element) => root.render(<StrictMode>{element}</StrictMode>);
const isDisposed = (client) => {
  try {
    return !client.getSnapshot();
  } catch {
    return true;
  }
};

let client;
let versions = 0;
/** What a bundler does when the module of a component has changed. */
function replaceComponent() {
  versions += 1;
  const version = versions;
  function Counter({ given }) {
    const [count, setCount] = useState(0);
    const snapshot = useClient(given);
    return (
      <button type="button" onClick={() => setCount(count + 1)}>
        {`version ${version}, count ${count}, ${textOf(snapshot)}`}
      </button>
    );
  }
  refresh.register(Counter, "Counter");
  return Counter;
}

window.play = {
  async opening() {
    const opening = open();
    show(<Session client={opening} />);
    client = await opening;
  },
  failing() {
    const failing = open({ timeout: -1 });
    // It has failed before React renders, and Firefox says so where nobody listens yet.
    failing.catch(() => {});
    show(<Session client={failing} />);
  },
  signIn: () => client.login("alice", "pw"),
  signOut: () => client.getSnapshot().connection.signout(),
  dispose: () => client[Symbol.dispose](),
  again: () => show(<Session client={client} key="again" />),
  async another() {
    client = await open();
    show(<Session client={client} />);
  },
  async owning() {
    window.made = [];
    show(<Owner made={window.made} />);
  },
  disposed: () => window.made.map(isDisposed),
  async counting() {
    client = await open();
    const Counter = replaceComponent();
    show(<Counter given={client} />);
  },
  refresh() {
    replaceComponent();
    refresh.performReactRefresh();
  },
  leave: () => show(null),
  shown: () => shown.splice(0),
};
