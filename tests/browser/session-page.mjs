import { newContext, newTab, until } from "../shared/browsers.mjs";
import { newAuthorizationServer, startGate } from "./servers.mjs";

/** The page of the session tests: one client that persists, and what the tests ask of it. */
export const sessionPage = `
  import { initialize } from "/pkg/index.js";

  const server = location.search.slice(1);

  window.makeClient = (options) =>
    initialize("demo", "demo-public-key", {
      authUrl: server,
      apiUrl: server + "/api",
      persistence: "local",
      ...options,
    });

  window.outcome = (promise) =>
    promise.then(
      (value) => ({ value }),
      ({ name, code, reason }) => ({ name, code, reason }),
    );

  /** Whose access token the API finds it to be. */
  window.userWith = async (token) => {
    const headers = { authorization: "Bearer " + token };
    return (await (await fetch(server + "/api/demo/me", { headers })).json()).username;
  };

  window.userOf = async (connection) => (await (await connection.fetch("me")).json()).username;

  /** Resolves with the first snapshot that will do. */
  window.snapshotWhere = (source, isWanted) =>
    new Promise((resolve) => {
      const look = () => {
        const snapshot = source.getSnapshot();
        if (!isWanted(snapshot)) return false;
        resolve(snapshot);
        return true;
      };
      const stop = source.subscribe(() => look() && stop());
      if (look()) stop();
    });

  /** What IndexedDB holds, or what came of one request to its object store. */
  window.inRegister = async (use = (store) => store.getAll()) => {
    const settled = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open("meshydb-client"));
    const { objectStoreNames } = database;
    const isThere = objectStoreNames.contains("meshydb-client");
    const answer = isThere
      ? await settled(use(database.transaction("meshydb-client", "readwrite").objectStore("meshydb-client")))
      : [];
    database.close();
    return answer;
  };

  window.emptyRegister = () => window.inRegister((store) => store.clear());

  window.client = await makeClient();
  window.isReady = true;
`;

/** A server behind a gate, and tabs, of this test alone. */
export async function newSessionTest(t, browser, site) {
  const server = await newAuthorizationServer(t);
  const gate = await startGate(t, server);
  const context = await newContext(t, browser);
  const waitUntilReady = (page) => until(page, () => window.isReady);
  return {
    server,
    gate,
    open: async (prepare) => {
      const tab = await newTab(context, `${site.url}/?${gate.url}`, prepare);
      await waitUntilReady(tab.page);
      return tab;
    },
    reload: async (page) => {
      await page.reload();
      await waitUntilReady(page);
    },
  };
}

/** For the page: signs in and keeps the connection. */
export async function logIn() {
  window.connection = await window.client.login("alice", "wonderland");
}

/** For the page: what restore() gives, and who that is by the server's word. */
export async function restoredUser() {
  window.connection = await window.client.restore();
  return window.connection && window.userOf(window.connection);
}

/** For the page: every token, by any road that leads to one. */
export async function allTokens() {
  return [await window.connection.getAccessToken(), window.connection.retrievePersistanceToken()];
}

/** For the page, before its own scripts. */
export const locks = {
  "Web Locks": undefined,
  "no Web Locks": () => Object.defineProperty(navigator, "locks", { value: undefined }),
};

/** For the page: opens the one session of all tabs. */
export async function openSession(timeout) {
  window.client = await window.makeClient({ timeout });
  window.connection = (await window.client.restore()) ?? (await window.client.login("alice", "wonderland"));
}

/** For the page: asks for the token after the one in hand, and waits for nothing. */
export function startRefresh() {
  window.refreshed = window.connection
    .getAccessToken()
    .then((rejected) => window.connection.getAccessToken({ rejected }))
    .catch(({ message }) => message);
}

/** For the page: whether the refresh cannot go on without another tab. */
export async function isWaiting() {
  if (!navigator.locks) return window.connection.getSnapshot().state === "waiting";
  return (await navigator.locks.query()).pending.length > 0;
}
