import { keepRefreshing } from "meshydb-client/service-worker";
import { clientOf } from "../shared/peers/clients/meshydb-client.js";
import { setClock } from "./clock.js";

setClock(0);
addEventListener("message", ({ data: { ahead }, ports: [port] }) => {
  if (ahead === undefined) return;
  globalThis.ahead = ahead;
  port.postMessage(ahead);
});
keepRefreshing(clientOf({ url: location.search.slice(1) }));
