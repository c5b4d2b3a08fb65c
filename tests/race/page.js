import { open } from "/client.js";
import { serviceWorker } from "/pkg/service-worker.js";

const LIMIT = 15_000;
const url = location.search.slice(1);
const channel = new BroadcastChannel("race");
let session;
let worker;

/** What came of a call, and after how many milliseconds. */
async function outcome(call) {
  const start = performance.now();
  const limit = new Promise((resolve) => setTimeout(resolve, LIMIT, { error: "no answer" }));
  const settled = Promise.resolve()
    .then(call)
    .then(
      (token) => (token ? { token } : { error: "no token" }),
      (error) => ({ error: [error?.code, error?.name, "error"].find((text) => text && typeof text === "string") }),
    );
  return { ...(await Promise.race([settled, limit])), ms: performance.now() - start };
}

const calls = (count) => Promise.all(Array.from({ length: count }, () => outcome(() => session.token())));

globalThis.race = {
  open: ({ inServiceWorker, ...options }) =>
    outcome(async () => {
      session = await open({ url, refreshIn: inServiceWorker ? serviceWorker : undefined, ...options });
      return "open";
    }),
  calls,
  signOut: () => session.signOut(),

  signOutAndLeave() {
    session.signOut();
    location.reload();
  },

  /** With a service worker that refreshes for this client; says whether it has one. */
  async install() {
    try {
      await navigator.serviceWorker.register(`/service-worker.js?${url}`);
    } catch {
      return false;
    }
    await navigator.serviceWorker.ready;
    return true;
  },

  /** On the clocks of this page and of its service worker. */
  async timePasses(ms) {
    window.ahead += ms;
    const registration = await navigator.serviceWorker.getRegistration();
    if (!registration) return;
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      registration.active.postMessage({ ahead: window.ahead }, [port2]);
    });
  },

  /** What comes of a request to a worker of this page, which has a client of its own. */
  inWorker(...request) {
    worker ??= new Worker(`/worker.js?${url}`, { type: "module" });
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => resolve({ error: "no client" });
      worker.postMessage([window.ahead, ...request]);
    });
  },

  /** Starts a call and does not wait for it. */
  begin() {
    window.begun = calls(1);
  },

  /** Calls at the shot that all tabs hear. */
  getReady(count) {
    window.begun = new Promise((resolve) => {
      channel.onmessage = () => resolve(calls(count));
    });
  },
  shoot: () => new BroadcastChannel("race").postMessage(0),

  /** Nothing runs in this page until the server lets it go. */
  freeze() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      const request = new XMLHttpRequest();
      request.open("GET", url, false);
      request.send();
    };
    port2.postMessage(0);
  },
};
