import { setClock } from "/clock.js";
import "/page.js";

setClock(0);
addEventListener("message", async ({ data: [ahead, name, ...args] }) => {
  globalThis.ahead = ahead;
  postMessage(await globalThis.race[name](...args));
});
