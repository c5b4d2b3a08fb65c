import { existsSync } from "node:fs";
import { after, before, describe } from "node:test";
import puppeteer from "puppeteer-core";

const browsers = {
  chromium: {
    debianPackage: "chromium",
    binaries: ["/usr/bin/chromium", "/usr/bin/chromium-browser"],
    options: {
      browser: "chrome",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  firefox: {
    debianPackage: "firefox-esr",
    binaries: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
    options: { browser: "firefox" },
  },
};

/** Defines the same tests for each browser. `define` is given a function that returns the browser as the tests run, and its name. */
export function inEachBrowser(define) {
  for (const name of Object.keys(browsers)) {
    describe(name, () => {
      let browser;
      before(async () => {
        browser = await launch(name);
      });
      after(() => browser?.close());
      define(() => browser, name);
    });
  }
}

/** Headless, in a new profile that puppeteer removes when the browser is closed. */
async function launch(name) {
  const { debianPackage, binaries, options } = browsers[name];
  const executablePath = binaries.find((path) => existsSync(path));
  if (!executablePath) throw new Error(`${name} is missing: install it with "apt-get install ${debianPackage}"`);
  return puppeteer.launch({ ...options, executablePath, headless: true, protocolTimeout: 20_000 });
}

/** Storage and tabs of this test alone. */
export async function newContext(t, browser) {
  const context = await browser.createBrowserContext();
  t.after(() => context.close());
  return context;
}

/** A new tab, and its problems. `prepare` runs in the page before any script of its own. */
export async function newTab(context, url, prepare) {
  const page = await context.newPage();
  const problems = watchProblems(page);
  if (prepare) await page.evaluateOnNewDocument(prepare);
  await page.goto(url);
  return { page, problems };
}

/** What goes wrong in a page from now on: console errors and warnings, and errors that nobody caught. */
export function watchProblems(page) {
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  return problems;
}

/** Waits, in a tab that need not be in front, which is drawn no more. */
export function until(page, isSo) {
  return page.waitForFunction(isSo, { polling: 20 });
}

/** All problems of tabs, without those of which one part is expected. */
export function problemsOf(tabs, expected) {
  const problems = tabs.flatMap((tab) => tab.problems);
  return expected ? problems.filter((problem) => !problem.includes(expected)) : problems;
}
