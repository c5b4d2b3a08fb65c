import { existsSync } from "node:fs";
import { after, before, describe } from "node:test";
import puppeteer from "puppeteer-core";

const browsers = {
  chromium: {
    packageName: "chromium",
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
    packageName: "firefox-esr",
    binaries: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
    options: { browser: "firefox" },
  },
};

/** Defines the same tests for each browser. `define` is given what returns the browser once the tests run. */
export function inEachBrowser(define) {
  for (const name of Object.keys(browsers)) {
    describe(name, () => {
      let browser;
      before(async () => {
        browser = await launch(name);
      });
      after(() => browser?.close());
      define(() => browser);
    });
  }
}

/** Headless, with a profile of its own that goes when it is closed. */
export async function launch(name) {
  const { packageName, binaries, options } = browsers[name];
  const executablePath = binaries.find((path) => existsSync(path));
  if (!executablePath) throw new Error(`${name} is missing: install it with "apt-get install ${packageName}"`);
  return puppeteer.launch({ ...options, executablePath, headless: true });
}
