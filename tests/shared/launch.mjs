import { existsSync } from "node:fs";
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

export const browserNames = Object.keys(browsers);

/** Headless, in a new profile that puppeteer removes when the browser is closed. */
export async function launch(name, { args = [], ...more } = {}) {
  const { debianPackage, binaries, options } = browsers[name];
  const executablePath = binaries.find((path) => existsSync(path));
  if (!executablePath) throw new Error(`${name} is missing: install it with "apt-get install ${debianPackage}"`);
  const fixed = { executablePath, headless: true, protocolTimeout: 20_000 };
  return puppeteer.launch({ ...options, args: [...(options.args ?? []), ...args], ...more, ...fixed });
}
