import { startDemo } from "../../www/server/demo.mjs";
import { newContext, newTab, until, watchProblems } from "../shared/browsers.mjs";

/** The demo for one test alone, a context of its own, and the host of every request that its tabs make. */
export async function newDemo(t, browser) {
  const demo = await startDemo();
  t.after(() => demo.close());
  const context = await newContext(t, browser);
  const hosts = new Set();
  const follow = (page) =>
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== "data:") hosts.add(hostname);
    });
  const open = async (path = "/", prepare = undefined) => {
    const tab = await newTab(context, "about:blank", prepare);
    follow(tab.page);
    await tab.page.goto(demo.url + path);
    return tab;
  };
  const openSecond = async (page) => {
    const known = context.targets();
    const [target] = await Promise.all([
      context.waitForTarget((other) => other.type() === "page" && !known.includes(other), { timeout: 10_000 }),
      page.click("#second-tab"),
    ]);
    const second = await target.page();
    follow(second);
    return { page: second, problems: watchProblems(second) };
  };
  const [strict, lenient] = demo.pairs;
  return { url: demo.url, strict, lenient, hosts, open, openSecond };
}

/** How many token requests a server of the demo has got. */
export function tokenRequests({ requests }) {
  return requests.filter(({ method, path }) => method === "POST" && path.endsWith("/connect/token")).length;
}

export const matches = (page, selector) => until(page, (wanted) => document.querySelector(wanted), selector);
export const isShown = (page, selector) => matches(page, `${selector}:not([hidden])`);
export const counts = (page, selector, count) =>
  until(page, (one, wanted) => document.querySelectorAll(one).length === wanted, selector, count);
export const text = (page, selector) => page.$eval(selector, (element) => element.textContent);
export const says = (page, selector, words) =>
  until(page, (one, part) => document.querySelector(one)?.textContent.includes(part), selector, words);

/** Clicks, and waits until what that began has ended. */
export async function press(page, selector) {
  await page.click(selector);
  await matches(page, `${selector}[aria-busy="false"]`);
}

export const alice = { username: "alice", password: "wonderland" };

export async function signIn(page, { tenant, username, password } = alice) {
  await isShown(page, "#signed-out");
  if (tenant) {
    await page.select("#tenant", tenant);
    await matches(page, '#tenant[aria-busy="false"]');
  }
  await page.type("#username", username);
  await page.type("#password", password);
  await page.click("#submit");
}

/** From the demo's page to the server's. */
export async function leave(page) {
  await isShown(page, "#signed-out");
  await page.click("#redirect");
  await matches(page, "[value=allow]");
}

/** What the user answers there, and back. */
export async function answer(page, button, username = "alice") {
  await page.$eval("#username", (field) => {
    field.value = "";
  });
  await page.type("#username", username);
  await page.click(`[value=${button}]`);
}
