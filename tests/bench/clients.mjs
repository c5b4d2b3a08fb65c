import { TokenServer } from "../shared/token-server.mjs";
import { bareName } from "./contenders.mjs";
import { openPage, runProgram, withBrowser, withSites } from "./run.mjs";
import { median } from "./samples.js";

/** Nanoseconds for an access token that is at hand, of each contender: in one Node process, and in pages of Chromium. */
export async function cached({ contenders, rounds, milliseconds, progress }) {
  const server = await new TokenServer().start();
  try {
    const clients = contenders.map(({ name, file }) => ({ name, file }));
    const { samples, lacking } = await runProgram("cached", { url: server.url, clients, rounds, milliseconds });
    for (const [name, message] of Object.entries(lacking)) progress(`${name} does not run in Node: ${message}`);
    progress("Node is done");
    return await withBrowser(async (browser) => {
      const inPages = await withSites(contenders, (urls) =>
        cachedInPages(browser, urls, server.url, { contenders, rounds, milliseconds }),
      );
      progress("Chromium is done");
      return { node: medians(samples), chromium: medians(inPages), browser: await browser.version() };
    });
  } finally {
    await server.close();
  }
}

async function cachedInPages(browser, urls, serverUrl, { contenders, rounds, milliseconds }) {
  const tabs = [];
  for (const [index, { name }] of contenders.entries()) {
    const { page } = await openPage(browser, urls[index], serverUrl);
    const sample = () => page.evaluate((milliseconds) => window.bench.sample(milliseconds), milliseconds);
    await page.evaluate(() => window.bench.open());
    await sample();
    tabs.push({ name, sample, samples: [] });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { sample, samples } of tabs) samples.push(await sample());
  }
  return Object.fromEntries(tabs.map(({ name, samples }) => [name, samples]));
}

/** Milliseconds from the import to the first access token: each time in a new Node process, and in a new profile's page. */
export async function start({ contenders, rounds, progress }) {
  const clients = contenders.filter(({ name }) => name !== bareName);
  const node = Object.fromEntries(clients.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, file } of clients) {
      const { milliseconds } = node[name] ? await runProgram("start", { file }) : {};
      if (milliseconds === undefined) delete node[name];
      else node[name].push(milliseconds);
    }
  }
  progress("Node is done");
  const chromium = await withBrowser((browser) =>
    withSites(clients, (urls) => startInPages(browser, urls, clients, rounds)),
  );
  progress("Chromium is done");
  return { node: medians(node), chromium: medians(chromium) };
}

async function startInPages(browser, urls, clients, rounds) {
  const samples = Object.fromEntries(clients.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { name }] of clients.entries()) {
      const { page, close } = await openPage(browser, urls[index]);
      samples[name].push(await page.evaluate(() => window.bench.start()));
      await close();
    }
  }
  return samples;
}

function medians(samples) {
  return Object.fromEntries(Object.entries(samples).map(([name, numbers]) => [name, median(numbers)]));
}
