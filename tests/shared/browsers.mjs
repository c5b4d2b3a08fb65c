import { after, before, describe } from "node:test";
import { TimeoutError } from "puppeteer-core";
import { browserNames, launch } from "./launch.mjs";
import { length } from "./lengths.mjs";

/** Defines the same tests for each browser. `define` is given a function that returns the browser as the tests run, and its name. */
export function inEachBrowser(define) {
  inBrowsers(browserNames, define);
}

/** The same, but a quick run plays them in the first browser alone. */
export function inOneBrowserAtLeast(define) {
  inBrowsers(length.isInEachBrowser ? browserNames : browserNames.slice(0, 1), define);
}

function inBrowsers(names, define) {
  for (const name of names) {
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

/**
 * Waits until `isSo(...args)` in a tab that need not be in front: there the default, a look before each paint, never comes.
 * What is asked of a tab at the moment when it goes to another page may never be answered: it is asked again.
 */
export async function until(page, isSo, ...args) {
  for (let asked = 1; ; asked++) {
    try {
      return await page.waitForFunction(isSo, { polling: 20, timeout: 5_000 }, ...args);
    } catch (error) {
      if (!(error instanceof TimeoutError) || asked === 4) throw error;
    }
  }
}

/** All problems of tabs, without those of which one part is expected. */
export function problemsOf(tabs, expected) {
  const problems = tabs.flatMap((tab) => tab.problems);
  return expected ? problems.filter((problem) => !problem.includes(expected)) : problems;
}
