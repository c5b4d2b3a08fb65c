import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, StepError } from "../../scripts/steps.mjs";
import { launch } from "../shared/launch.mjs";
import { bundled, own } from "../shared/peers/clients.mjs";
import { bundled as bundledScript } from "../shared/peers/peers.mjs";
import { startSite } from "../shared/site.mjs";
import { tables } from "../shared/table.mjs";
import { TokenServer } from "../shared/token-server.mjs";
import { scenarios } from "./scenarios.mjs";
import { Tabs } from "./tabs.mjs";

const LIMIT = 120_000;
const SCRIPTS = ["page.js", "worker.js", "clock.js"];
const SERVICE_WORKER = join(import.meta.dirname, "service-worker.js");
const SERVICE_WORKER_ENTRY = join(root, "pkg/service-worker.js");
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

/** Plays the scenarios with each client in each browser, prints what came of them, and rejects if ours failed one. */
export async function race({ browsers, clients, times, only }) {
  const chosen = Object.entries(scenarios).filter(([name]) => name.includes(only));
  if (!chosen.length) throw new StepError(`No scenario's name contains "${only}".`);
  const rows = [];
  const failed = [];
  for (const client of clients) {
    for (const browser of browsers) {
      const results = await inBrowser(browser, client, chosen, times);
      rows.push([`${client.name}, ${browser}`, ...results.map(({ cell }) => cell)]);
      if (client !== own) continue;
      for (const { name, holds } of results) if (!holds) failed.push(`${name} (${browser})`);
    }
  }
  console.log(`\n${tables(Object.keys(Object.fromEntries(chosen)), rows)}`);
  if (failed.length) throw new StepError(`Not as it must be: ${failed.join(", ")}`);
}

async function inBrowser(browserName, client, chosen, times) {
  const scripts = {
    "/client.js": await bundled(client),
    "/pkg/service-worker.js": await readFile(SERVICE_WORKER_ENTRY),
  };
  for (const name of SCRIPTS) scripts[`/${name}`] = await readFile(new URL(name, import.meta.url));
  if (client === own) scripts["/service-worker.js"] = await bundledScript(SERVICE_WORKER, { format: "iife" });
  const site = await startSite(scripts, POLICY);
  const browser = await launch(browserName);
  try {
    const results = [];
    for (const [name, scenario] of chosen) {
      const start = performance.now();
      const played = [];
      for (let time = 1; time <= times; time++) played.push(await play(browser, site, scenario));
      const result = { name, cell: summary(played), holds: played.every(({ holds }) => holds) };
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const mark = result.holds ? "✓" : "✗";
      console.log(`${mark} ${client.name}, ${browserName}: ${name}: ${result.cell} (${seconds} s)`);
      results.push(result);
    }
    return results;
  } finally {
    await site.close();
    await browser.close();
  }
}

/** One scenario, with a server and a profile of its own. */
async function play(browser, site, scenario) {
  const server = await new TokenServer().start();
  const context = await browser.createBrowserContext();
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT, { cell: "**not over**", holds: false });
  });
  const failure = ({ message }) => ({ cell: message.split("\n")[0], holds: false });
  try {
    return await Promise.race([scenario(server, new Tabs(context, site, server)).catch(failure), limit]);
  } finally {
    clearTimeout(timer);
    server.release();
    await server.close();
    await context.close();
  }
}

/** What several times came to. */
function summary(played) {
  const cells = played.map(({ cell }) => cell);
  const different = [...new Set(cells)];
  if (different.length === 1) return cells[0];
  const count = (cell) => cells.filter((other) => other === cell).length;
  return different.map((cell) => `${count(cell)}× ${cell}`).join("; ");
}
