import { TokenServer } from "../shared/token-server.mjs";
import { bareName, floor, keepsSessions } from "./contenders.mjs";
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
    const page = await openPage(await browser.createBrowserContext(), urls[index], serverUrl);
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

/**
 * Milliseconds from the import to the first access token: each time in a new Node process, and in a new profile's page, where
 * it signs in; then in the next page of that profile, which has a stored session.
 */
export async function start({ contenders, rounds, progress }) {
  const clients = contenders.filter(({ name }) => name !== bareName);
  const node = samplesOf(clients);
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, file } of clients) {
      const { milliseconds } = node[name] ? await runProgram("start", { file }) : {};
      if (milliseconds === undefined) delete node[name];
      else node[name].push(milliseconds);
    }
  }
  progress("Node is done");
  const inPages = [await floor(), ...clients];
  const { signedIn, restored } = await withBrowser((browser) =>
    withSites(inPages, (urls) => startInPages(browser, urls, inPages, rounds)),
  );
  progress("Chromium is done");
  return { node: medians(node), chromium: medians(signedIn), restored: medians(restored) };
}

async function startInPages(browser, urls, contenders, rounds) {
  const signedIn = samplesOf(contenders);
  const restored = samplesOf(contenders.filter(({ name }) => keepsSessions(name)));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { name }] of contenders.entries()) {
      const profile = await browser.createBrowserContext();
      signedIn[name].push(await startInPage(profile, urls[index], false));
      restored[name]?.push(await startInPage(profile, urls[index], true));
      await profile.close();
    }
  }
  return { signedIn, restored };
}

async function startInPage(profile, url, isStored) {
  const page = await openPage(profile, url);
  const milliseconds = await page.evaluate((isStored) => window.bench.start(isStored), isStored);
  await page.close();
  return milliseconds;
}

function samplesOf(contenders) {
  return Object.fromEntries(contenders.map(({ name }) => [name, []]));
}

function medians(samples) {
  return Object.fromEntries(Object.entries(samples).map(([name, numbers]) => [name, median(numbers)]));
}
