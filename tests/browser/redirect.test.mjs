import assert from "node:assert/strict";
import { test } from "node:test";
import { inEachBrowser, until } from "../shared/browsers.mjs";
import {
  answer,
  counts,
  isShown,
  leave,
  matches,
  newDemo,
  press,
  says,
  signIn,
  text,
  tokenRequests,
} from "./demo-page.mjs";

async function openSignedIn(t, browser, path) {
  const demo = await newDemo(t, browser);
  const { page, problems } = await demo.open(path);
  await leave(page);
  await answer(page, "allow");
  await isShown(page, "#signed-in");
  return { ...demo, page, problems };
}

const grants = ({ requests }) => requests.flatMap(({ grant_type, status }) => (grant_type ? [grant_type, status] : []));

inEachBrowser((browser) => {
  test("signs in at the server's page, stays signed in over a reload, and calls the API", async (t) => {
    const { url, strict, hosts, page, problems } = await openSignedIn(t, browser());
    assert.equal(await text(page, "#state"), "active");
    assert.equal(await text(page, "#scope"), "openid meshy.api offline_access");
    assert.equal(await text(page, "#storage"), "kept in this browser");
    assert.equal(page.url(), `${url}/?tenant=default&window=0`);
    await says(page, "#naive-verdict", "Signed in for");

    await page.reload();
    await isShown(page, "#signed-in");
    assert.deepEqual(grants(strict.ours), ["authorization_code", 200]);
    await press(page, "#call");
    const { username, account } = JSON.parse(await text(page, "#answer"));
    assert.deepEqual({ username, account }, { username: "alice", account: "demo" });
    await press(page, "#refresh");
    await says(page, "#generation", "2");
    assert.deepEqual(grants(strict.ours), ["authorization_code", 200, "refresh_token", 200]);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("says at the server who asks, and for what, and who is no user there", async (t) => {
    const { url, strict, open } = await newDemo(t, browser());
    const { page, problems } = await open("/?tenant=acme");
    await leave(page);
    assert.equal(new URL(page.url()).origin, strict.ours.url);
    assert.equal(await text(page, ".issuer"), `${strict.ours.url}/demo/acme`);
    assert.equal(await text(page, "strong"), url);
    const wishes = await page.$$eval("li", (items) => items.map(({ textContent }) => textContent));
    assert.deepEqual(wishes, ["know who you are", "use the API in your name", "stay signed in until you sign out"]);
    await answer(page, "allow", '"><b>alice');
    await says(page, "#problem", 'There is no user "><b>alice here.');
    assert.equal(await page.$eval("#username", ({ value }) => value), '"><b>alice');
    await answer(page, "allow", "carol");
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#session-tenant"), "acme");
    await press(page, "#call");
    const { username, tenant } = JSON.parse(await text(page, "#answer"));
    assert.deepEqual({ username, tenant }, { username: "carol", tenant: "acme" });
    assert.deepEqual(
      problems.filter((problem) => !problem.includes("status of 400")),
      [],
    );
  });

  test("says in the page that access was denied, and lets the user try again", async (t) => {
    const { url, strict, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await leave(page);
    await answer(page, "deny");
    await says(page, "#problem", "You have denied access at the server, so nobody is signed in.");
    assert.equal(await text(page, "#problem code"), "refused");
    await isShown(page, "#signed-out");
    assert.equal(page.url(), `${url}/?tenant=default&window=0`);
    assert.equal(tokenRequests(strict.ours), 0);
    await leave(page);
    await answer(page, "allow");
    await isShown(page, "#signed-in");
    assert.equal(await page.$eval("#problem", ({ hidden }) => hidden), true);
    assert.deepEqual(problems, []);
  });

  test("has one refresh for this tab, a second one and twenty more", async (t) => {
    const { strict, page, openSecond } = await openSignedIn(t, browser());
    const { page: second } = await openSecond(page);
    await isShown(second, "#signed-in");
    await page.bringToFront();
    await press(page, "#open-tabs");
    await press(page, "#refresh-tabs");
    assert.match(await text(page, "#tabs-outcome"), /^20 tabs asked, 1 request was made\./);
    await says(second, "#generation", "2");
    assert.deepEqual(grants(strict.ours), ["authorization_code", 200, "refresh_token", 200]);
    await counts(page, '#lanes [data-whose="ours"]', 22);
    await says(page, "#naive-verdict", "Session lost after");
    await says(page, "#ours-verdict", "Signed in for");
  });

  test("stays signed in through the faults of the server that it came from", async (t) => {
    const { lenient, page } = await openSignedIn(t, browser(), "/?window=30");
    await press(page, "#lose");
    await press(page, "#refresh");
    await says(page, "#naive-why", "no answer came");
    await says(page, "#generation", "2");
    await says(page, "#ours-verdict", "Signed in for");
    const refreshes = lenient.ours.requests.filter(({ grant_type }) => grant_type === "refresh_token");
    assert.deepEqual(
      refreshes.map(({ fault, status }) => fault ?? status),
      ["lose_answer", 200],
    );
    assert.equal(new Set(refreshes.map(({ fingerprint }) => fingerprint)).size, 1);
  });

  test("says what the server met when the code was sent, and begins anew", async (t) => {
    const { strict, open } = await newDemo(t, browser());
    strict.ours.setFaults([{ name: "unavailable", times: 1 }]);
    const { page } = await open();
    await leave(page);
    await answer(page, "allow");
    await says(page, "#problem code", "unavailable");
    await leave(page);
    assert.equal(await page.$eval("#username", ({ value }) => value), "alice");
    await answer(page, "allow");
    await isShown(page, "#signed-in");
    assert.deepEqual(grants(strict.ours), ["authorization_code", 503, "authorization_code", 200]);
  });

  test("signs out in both tabs, and at the server if the user wants to", async (t) => {
    const { url, strict, page, openSecond } = await openSignedIn(t, browser());
    const { page: second } = await openSecond(page);
    await isShown(second, "#signed-in");
    await page.bringToFront();
    for (const [button, known] of [
      ["[form]:not([value])", "alice"],
      ["[form][value=yes]", ""],
    ]) {
      await isShown(page, "#signed-in");
      await page.click("#sign-out");
      await matches(page, button);
      assert.equal(new URL(page.url()).origin, strict.ours.url);
      await isShown(second, "#signed-out");
      await page.click(button);
      await isShown(page, "#signed-out");
      assert.equal(page.url(), `${url}/?tenant=default&window=0`);
      await leave(page);
      assert.equal(await page.$eval("#username", ({ value }) => value), known);
      await answer(page, "allow", "bob");
    }
    await isShown(page, "#signed-in");
    await isShown(second, "#signed-in");
    await second.bringToFront();
    await press(second, "#call");
    assert.equal(JSON.parse(await text(second, "#answer")).username, "bob");
  });

  test("goes on by form where a sign-in by redirect was left", async (t) => {
    const { strict, open } = await newDemo(t, browser());
    const { page } = await open();
    await leave(page);
    await page.goBack();
    await until(page, () => document.querySelector("#redirect")?.ariaBusy !== "true");
    await signIn(page);
    await isShown(page, "#signed-in");
    assert.deepEqual(grants(strict.ours), ["password", 200]);
  });
});
