import { initialize } from "meshydb-client";
import { use } from "./use.js";

use(initialize, location.search.slice(1), { persistence: "local" }).then((result) => {
  globalThis.result = { ...result, isSecureContext, hasLocks: "locks" in navigator };
});
