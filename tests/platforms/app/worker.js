import { initialize } from "meshydb-client";
import { use } from "./use.js";

self.onmessage = (event) => {
  const used = use(initialize, event.data, { persistence: "local" });
  const place = { isSecureContext, hasLocks: "locks" in navigator, hasDocument: "document" in self };
  const answered = used.then((result) => event.ports[0].postMessage({ ...result, ...place }));
  event.waitUntil?.(answered);
};
