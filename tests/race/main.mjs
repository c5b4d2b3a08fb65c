import { build } from "./build.mjs";
import { parsed } from "./flags.mjs";
import { setUpBrowsers } from "./setup.mjs";
import { main, step } from "./steps.mjs";

const BROWSERS = ["chromium", "firefox"];

await main(async () => {
  const { browser, times, only, withPeers } = options();
  await build();
  await step("browsers and their drivers", setUpBrowsers);
  const { own, peers } = await import("../race/clients.mjs");
  const { installPeers } = await import("../race/peers/peers.mjs");
  const { race } = await import("../race/race.mjs");
  if (withPeers) await step("other clients", installPeers);
  const clients = withPeers ? [own, ...peers] : [own];
  await step("race", () => race({ browsers: browser ? [browser] : BROWSERS, clients, times, only }));
});

function options() {
  const types = { browser: "string", times: "string", only: "string", peers: "boolean" };
  return parsed(types, ({ browser, times = "1", only = "", peers = false }) => {
    if (browser && !BROWSERS.includes(browser)) throw new Error(`--browser is one of ${BROWSERS.join(", ")}`);
    if (!/^[1-9]\d*$/.test(times)) throw new Error("--times is a number");
    return { browser, times: Number(times), only, withPeers: peers };
  });
}
