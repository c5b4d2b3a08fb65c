/** What the person before a page, or the program in a process, does with the package. */

/** The client of a realm; pages whose origin has a service worker let it refresh. */
export function clientOf(realm) {
  const { plan, tokenEndpoint, apiUrl, sharedStore, serviceWorker } = realm.world;
  const { timeout } = plan;
  const persistence = plan.kind === "hosts" ? sharedStore.of(realm) : "local";
  const refreshIn = serviceWorker && realm.package.serviceWorker;
  const options = { tokenEndpoint, revocationEndpoint: "https://auth.example/revocation", apiUrl };
  return track(realm, "initialize", () =>
    realm.package.initialize("demo", "demo-key", { ...options, persistence, timeout, refreshIn }),
  );
}

export async function open(realm) {
  const { world } = realm;
  const client = await clientOf(realm);
  if (!client || realm.client) return;
  realm.client = client;
  const show = () => {
    if (realm.client === client) realm.shown = client.getSnapshot();
  };
  show();
  client.subscribe(show);
  await restore(realm);
  if (!realm.connection && !world.server.families.length) await logIn(realm, "alice");
}

export function restore(realm) {
  return hand(
    realm,
    track(realm, "restore", () => realm.client.restore()),
  );
}

function logIn(realm, user) {
  const { client } = realm;
  if (!client) return;
  return hand(
    realm,
    track(realm, "login", () => client.login(user, "pw")),
  );
}

/** Nobody has what a client brings that was let go of meanwhile. */
async function hand(realm, opening) {
  const { client } = realm;
  const connection = await opening;
  if (!connection || realm.client !== client) return;
  realm.connection = connection;
  realm.handles.push(connection);
}

/** Makes a call that the checks follow from its begin to its end. */
async function track(realm, name, make, connection) {
  const { checks } = realm.world;
  const call = checks.begins(realm, name, connection);
  try {
    const value = await make();
    checks.ends(call, { value });
    return value;
  } catch (error) {
    checks.ends(call, { error });
  }
}

export function token(realm, options) {
  const { connection } = realm;
  return connection && track(realm, "token", () => connection.getAccessToken(options), connection);
}

const ODD = {
  changing: (api, evil) => {
    const texts = [api, evil];
    return { toString: () => texts.shift() ?? evil };
  },
  pretending: (api, evil) => ({ url: api, toString: () => evil }),
  disguised: (api, evil) => Object.defineProperty(new Request(evil), "url", { value: api }),
};

const ACTIONS = {
  token: (realm) => token(realm),
  rejected: async (realm) => {
    const rejected = await token(realm);
    if (rejected) await token(realm, { rejected });
  },
  abort: async (realm, { after }) => {
    const controller = new AbortController();
    const { time, checks } = realm.world;
    let abortedAt;
    const abort = () => {
      abortedAt = time.now;
      controller.abort();
    };
    time.later(after, abort, realm);
    await token(realm, { rejected: String(realm.lastToken), signal: controller.signal });
    if (time.now > abortedAt) checks.fail(`a call of ${realm.name} goes on after it was aborted`);
  },
  fetch: (realm) => track(realm, "fetch", () => realm.connection.fetch("me"), realm.connection),
  "odd fetch": async (realm) => {
    for (const make of Object.values(ODD)) {
      const input = make("https://api.example/demo/me", "https://elsewhere.example/");
      await track(realm, "fetch", () => realm.connection.fetch(input), realm.connection);
    }
  },
  restore,
  login: (realm, { user }) => logIn(realm, user),
  signout: (realm) => signOut(realm),
  "signout and leave": (realm, action) => {
    signOut(realm);
    leave(realm, action);
  },
  leave,
  close: (realm) => realm.leave(),
  resume: async (realm) => {
    const saved = realm.tab.saved;
    realm.tab.saved = realm.connection.retrievePersistanceToken();
    if (!saved || realm.world.server.tokenOf(saved)?.family.signOut) return;
    await hand(
      realm,
      track(realm, "resume", () => realm.client.loginWithPersistance(saved)),
    );
  },
  finish: (realm) => {
    realm.finish();
    realm.world.checks.finishes(realm);
  },
  drop: (realm) => {
    realm.letGo();
  },
  exit: (realm) => realm.end(),
  "dispose and exit": async (realm) => {
    const { client, world } = realm;
    const { now } = world.time;
    await client[Symbol.asyncDispose]();
    realm.hasWaited = world.time.now - now < world.plan.timeout;
    realm.end();
  },
  dispose: (realm) => {
    realm.client[Symbol.dispose]();
    realm.letGo();
  },
};

function signOut(realm) {
  const { connection } = realm;
  return track(realm, "signout", () => connection.signout(), connection);
}

function leave(realm, { absence }) {
  const { world, tab } = realm;
  realm.leave();
  world.time.later(200 + absence, () => world.visit(tab));
}

/** In a realm that has a client and a connection; what it lacks it gets first. */
export async function perform(realm, action) {
  if (realm.isLeaving) return;
  realm.world.log(realm.name, "does:", action.do, action.user ?? "");
  if (!realm.client) return open(realm);
  if (
    !realm.connection &&
    !["restore", "login", "leave", "close", "drop", "dispose", "exit", "finish"].includes(action.do)
  ) {
    return logIn(realm, "alice");
  }
  await ACTIONS[action.do](realm, action);
}
