/** Milliseconds that a page waits for its worker, which may have to start. */
const PATIENCE = 500;
const TYPE = "meshydb-client.refresh";

/** For a page: asks the worker of its scope. Only the register says what came of it. */
export async function serviceWorker(sessionId, generation) {
  if (globalThis.ServiceWorkerGlobalScope) return;
  const registration = await navigator.serviceWorker?.getRegistration();
  if (!registration?.active) return;
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    setTimeout(resolve, PATIENCE);
    registration.active.postMessage({ type: TYPE, sessionId, generation }, [port2]);
  });
  port1.close();
}

const kept = new Set();

/** For the worker: refreshes in place of its pages, and lives until what came of it is stored. */
export function keepRefreshing(client) {
  if (kept.size === 0) addEventListener("message", onMessage);
  const ready = Promise.resolve(client);
  ready.catch(() => {});
  kept.add(ready);
}

/** Answers when a request is on its way, or none will be. */
function onMessage(event) {
  const { data, ports } = event;
  if (data?.type !== TYPE) return;
  const answer = () => ports[0]?.postMessage(null);
  const refreshing = [...kept].map((ready) => refresh(ready, data, answer).catch(() => {}));
  event.waitUntil(Promise.all(refreshing).then(answer));
}

async function refresh(ready, asked, answer) {
  const client = await ready;
  const connection = await client.restore();
  if (!connection || !isCurrent(connection, asked)) return;
  const stop = client.trace(({ type }) => type === "request" && answer());
  try {
    const rejected = await connection.getAccessToken();
    if (isCurrent(connection, asked)) await connection.getAccessToken({ rejected });
  } finally {
    answer();
    await rested(connection);
    stop();
  }
}

function isCurrent(connection, { sessionId, generation }) {
  const snapshot = connection.getSnapshot();
  return snapshot.sessionId === sessionId && snapshot.generation === generation;
}

/** What was not answered is asked for again though no call waits for it any more. */
function rested(connection) {
  return new Promise((resolve) => {
    const look = () => {
      if (/^(active|ended)$/.test(connection.getSnapshot().state)) resolve(stop());
    };
    const stop = connection.subscribe(look);
    look();
  });
}
