import { slowNextAnswer } from "/faults.js";
import { follow } from "/lines.js";
import { serviceWorker } from "/pkg/service-worker.js";

const KEY = "meshydb-client demo: reloaded in mid-refresh";
let isLeaving = false;

/** The service worker is asked for the refresh that this page does not stay for, and for no other. */
export function refreshIn(...asked) {
  return isLeaving && serviceWorker(...asked);
}

/** Has both servers answer late, calls `refresh`, and reloads the page when the service worker has sent the request of ours. */
export async function reloadInMidRefresh({ connection, hasNaive, refresh }) {
  if (!navigator.serviceWorker) throw new Error("This browser has no service workers for this page.");
  await navigator.serviceWorker.register("/service-worker.js", { type: "module" });
  await navigator.serviceWorker.ready;
  await slowNextAnswer();
  const { sessionId, generation } = connection.getSnapshot();
  const sent = nextRequest();
  isLeaving = true;
  refresh().catch(() => {});
  const { isHere } = await sent;
  isLeaving = false;
  if (isHere) throw new Error("The service worker was late, so this page has sent the request, and stays. Try again.");
  sessionStorage.setItem(KEY, JSON.stringify({ sessionId, generation, hasNaive }));
  location.reload();
}

/** How the refresh ended that this page was reloaded in. Undefined if it was not, or the session has ended. */
export async function afterReload(connection) {
  const before = JSON.parse(sessionStorage.getItem(KEY));
  sessionStorage.removeItem(KEY);
  if (before?.sessionId !== connection.getSnapshot().sessionId) return;
  let requests = 1;
  follow((line) => {
    if (isRequest(line)) requests += 1;
  });
  const isRenewed = await generationAfter(connection, before.generation);
  if (!isRenewed) return;
  const times = requests === 1 ? "one request" : `${requests} requests`;
  return {
    outcome: `This page was reloaded in mid-refresh, and is still signed in, with ${times}.`,
    hadNaive: before.hasNaive,
  };
}

function nextRequest() {
  return new Promise((resolve) => {
    follow((line) => isRequest(line) && resolve(line));
  });
}

function isRequest({ whose, type, grant }) {
  return whose === "ours" && type === "request" && grant === "refresh_token";
}

/** Whether that comes, before the end of the session. */
function generationAfter(connection, before) {
  return new Promise((resolve) => {
    const look = () => {
      const { state, generation } = connection.getSnapshot();
      if (generation > before || state === "ended") resolve(generation > before);
    };
    connection.subscribe(look);
    look();
  });
}
