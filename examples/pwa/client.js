import { initialize } from "meshydb-client";
import { serviceWorker } from "meshydb-client/service-worker";

const server = import.meta.env.VITE_MESHY_URL ?? "http://127.0.0.1:8081";

/** The page and its service worker have the same. */
export const opening = initialize("demo", "demo-public-key", {
  authUrl: server,
  apiUrl: `${server}/api`,
  persistence: "local",
  refreshIn: serviceWorker,
});
