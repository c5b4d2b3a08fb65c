import { parsed } from "../../scripts/flags.mjs";
import { setUpBrowsers } from "../../scripts/setup.mjs";
import { main, step } from "../../scripts/steps.mjs";
import { own, peers } from "../shared/peers/clients.mjs";
import { installPeers } from "../shared/peers/peers.mjs";
import { race } from "./race.mjs";

const BROWSERS = ["chromium", "firefox"];

await main(async () => {
  const { browser, times, only, withPeers } = options();
  await step("browsers and their drivers", setUpBrowsers);
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
