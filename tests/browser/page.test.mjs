import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { accounts, users } from "../../dev/seed.mjs";
import { startPageServer } from "../../www/server/page-server.mjs";
import { inEachBrowser, newContext, newTab, until, watchProblems } from "./browsers.mjs";
import { newAuthorizationServer } from "./servers.mjs";

const [{ name: accountName, publicKey }] = accounts;

/** The demo page against a server of this test alone, and every request that its tabs make. */
async function newDemo(t, browser) {
  const server = await newAuthorizationServer(t);
  const site = await startPageServer({
    root: fileURLToPath(new URL("../../www", import.meta.url)),
    packageRoot: fileURLToPath(new URL("../../pkg", import.meta.url)),
    config: {
      authUrl: server.url,
      apiUrl: `${server.url}/api`,
      accountName,
      publicKey,
      accessTokenLifetime: 60,
      users: users.filter(({ account }) => account === accountName),
    },
  });
  t.after(() => site.close());
  const context = await newContext(t, browser);
  const hosts = new Set();
  const follow = (page) =>
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== "data:") hosts.add(hostname);
    });
  const open = async () => {
    const tab = await newTab(context, "about:blank");
    follow(tab.page);
    await tab.page.goto(site.url);
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
  return { server, hosts, open, openSecond };
}

const matches = (page, selector) => until(page, (wanted) => document.querySelector(wanted), selector);
const isShown = (page, selector) => matches(page, `${selector}:not([hidden])`);
const counts = (page, selector, count) =>
  until(page, (one, wanted) => document.querySelectorAll(one).length === wanted, selector, count);
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);

const says = (page, selector, words) =>
  until(page, (one, part) => document.querySelector(one)?.textContent.includes(part), selector, words);

async function signIn(page, { tenant, username, password }) {
  await isShown(page, "#signed-out");
  if (tenant) {
    await page.select("#tenant", tenant);
    await matches(page, '#tenant[aria-busy="false"]');
  }
  await page.type("#username", username);
  await page.type("#password", password);
  await page.click("#submit");
}
const alice = { username: "alice", password: "wonderland" };

inEachBrowser((browser) => {
  test("signs in through the form, calls the API and refreshes", async (t) => {
    const { server, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, alice);
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#state"), "active");
    assert.equal(await text(page, "#generation"), "1");
    assert.equal(await text(page, "#scope"), "meshy.api offline_access");
    assert.equal(await text(page, "#storage"), "kept in this browser");
    assert.equal(await page.$eval("#signed-out", ({ hidden }) => hidden), true);
    assert.equal(await page.$eval("#password", ({ value }) => value), "");

    await page.click("#call");
    await isShown(page, "#answer-card");
    assert.equal(await text(page, "#answer-status"), "200");
    const { username, account } = JSON.parse(await text(page, "#answer"));
    assert.deepEqual({ username, account }, { username: "alice", account: "demo" });

    await page.click("#refresh");
    await says(page, "#generation", "2");
    assert.equal(server.count("token"), 2);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("keeps the user signed in over a reload", async (t) => {
    const { server, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, { tenant: "acme", username: "carol", password: "acme-secret" });
    await isShown(page, "#signed-in");

    await page.reload();
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#session-tenant"), "acme");
    assert.equal(server.count("token"), 1);
    await page.click("#call");
    await isShown(page, "#answer-card");
    const { username, tenant } = JSON.parse(await text(page, "#answer"));
    assert.deepEqual({ username, tenant }, { username: "carol", tenant: "acme" });
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("signs out in both tabs", async (t) => {
    const { server, hosts, open, openSecond } = await newDemo(t, browser());
    const { page: one, problems } = await open();
    await signIn(one, alice);
    await isShown(one, "#signed-in");
    const { page: two, problems: others } = await openSecond(one);
    await isShown(two, "#signed-in");

    await two.bringToFront();
    await two.click("#sign-out");
    await isShown(two, "#signed-out");
    await isShown(one, "#signed-out");
    assert.equal(await one.$eval("#signed-in", ({ hidden }) => hidden), true);
    assert.equal(await one.$eval("#problem", ({ hidden }) => hidden), true);
    await one.reload();
    await isShown(one, "#signed-out");
    assert.equal(server.count("token"), 1);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual([...problems, ...others], []);
  });

  test("shows twenty tabs and one request, and twenty more and one more", async (t) => {
    const { server, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, { tenant: "acme", username: "carol", password: "acme-secret" });
    await isShown(page, "#signed-in");
    await page.click("#open-tabs");
    await matches(page, "#refresh-tabs:not([disabled])");
    for (const generation of [2, 3]) {
      await says(page, "#generation", generation - 1);
      await page.click("#refresh-tabs");
      await says(page, "#tabs li:nth-child(20)", `generation ${generation}`);
      assert.equal(await text(page, "#tabs-outcome"), "20 tabs asked, 1 request was made.");
      assert.equal(await page.$$eval('#tabs [data-did="sent"]', ({ length }) => length), 1);
      assert.equal(await page.$$eval('#tabs [data-did="adopted"]', ({ length }) => length), 19);
      assert.equal(server.count("token"), generation);
      await counts(page, "#lanes li", 21);
      await counts(page, '#lanes [data-type="adopted"]', 20 * (generation - 1));
      await counts(page, '#lanes [data-type="request"]', generation);
      await matches(page, '#refresh-tabs[aria-busy="false"]');
    }
    await page.click("#sign-out");
    await isShown(page, "#signed-out");
    assert.equal(await page.$$eval("#tabs li", ({ length }) => length), 0);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("says what is wrong with a wrong password, and lets the user try again", async (t) => {
    const { server, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, { ...alice, password: "wrong" });
    await isShown(page, "#problem");
    assert.equal(await text(page, "#problem code"), "invalid_grant");
    assert.equal(await page.$eval("#signed-in", ({ hidden }) => hidden), true);

    await page.$eval("#password", (element) => element.select());
    await page.type("#password", alice.password);
    await page.click("#submit");
    await isShown(page, "#signed-in");
    assert.equal(await page.$eval("#problem", ({ hidden }) => hidden), true);
    assert.equal(server.count("token"), 2);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    const isBrowsersOwn = (problem) => /^Failed to load resource: .* status of 400/.test(problem);
    assert.deepEqual(
      problems.filter((problem) => !isBrowsersOwn(problem)),
      [],
    );
  });
});
