import assert from "node:assert/strict";
import { test } from "node:test";
import { inEachBrowser } from "../shared/browsers.mjs";
import { alice, counts, isShown, newDemo, press, says, signIn, text, tokenRequests } from "./demo-page.mjs";

/** Whether a problem is another than what a browser prints by itself about an answer that is no success. */
const isNotExpected = (problem) => !/^Failed to load resource: .* status of 40[01]/.test(problem);

inEachBrowser((browser) => {
  test("signs in through the form, calls the API and refreshes", async (t) => {
    const { strict, hosts, open } = await newDemo(t, browser());
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
    assert.equal(tokenRequests(strict.ours), 2);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("keeps the user signed in over a reload", async (t) => {
    const { strict, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, { tenant: "acme", username: "carol", password: "acme-secret" });
    await isShown(page, "#signed-in");

    await page.reload();
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#session-tenant"), "acme");
    assert.equal(tokenRequests(strict.ours), 1);
    await page.click("#call");
    await says(page, "#answer", "}");
    const { username, tenant } = JSON.parse(await text(page, "#answer"));
    assert.deepEqual({ username, tenant }, { username: "carol", tenant: "acme" });
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems, []);
  });

  test("signs out in both tabs", async (t) => {
    const { strict, hosts, open, openSecond } = await newDemo(t, browser());
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
    assert.equal(tokenRequests(strict.ours), 1);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual([...problems, ...others], []);
  });

  test("shows twenty tabs and one request, and twenty more and one more", async (t) => {
    const { strict, hosts, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page, { tenant: "acme", username: "carol", password: "acme-secret" });
    await isShown(page, "#signed-in");
    await press(page, "#open-tabs");
    for (const generation of [2, 3]) {
      await says(page, "#generation", generation - 1);
      await press(page, "#refresh-tabs");
      await counts(page, `#tabs [data-generation="${generation}"]`, 20);
      assert.match(await text(page, "#tabs-outcome"), /^20 tabs asked, 1 request was made\./);
      assert.equal(await page.$$eval('#tabs [data-did="sent"]', ({ length }) => length), 1);
      assert.equal(await page.$$eval('#tabs [data-did="adopted"]', ({ length }) => length), 19);
      assert.equal(tokenRequests(strict.ours), generation);
      assert.equal(await text(page, "#ours-requests"), String(generation - 1));
      await counts(page, '#lanes [data-whose="ours"]', 21);
      await counts(page, '[data-whose="ours"] [data-type="adopted"]', 20 * (generation - 1));
      await counts(page, '[data-whose="ours"] [data-type="request"]', generation);
    }
    await press(page, "#sign-out");
    await isShown(page, "#signed-out");
    assert.equal(await page.$$eval("#tabs li", ({ length }) => length), 0);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems.filter(isNotExpected), []);
  });

  test("loses the naive client's session where twenty tabs spend one token, and signs it in again", async (t) => {
    const { strict, open } = await newDemo(t, browser());
    const { page } = await open();
    await signIn(page);
    await isShown(page, "#signed-in");
    await press(page, "#open-tabs");
    await press(page, "#refresh-tabs");
    await says(page, "#naive-verdict", "Session lost after");
    assert.equal(await text(page, "#naive-why"), "the server answered 400: it has ended the session");
    assert.match(
      await text(page, "#tabs-outcome"),
      /The naive client made 20 with one refresh token: (19|20) failed\.$/,
    );
    await says(page, "#ours-verdict", "Signed in for");
    const refreshes = strict.naive.requests.filter(({ grant_type }) => grant_type === "refresh_token");
    assert.ok(refreshes.length >= 20, `${refreshes.length} requests`);
    assert.ok(refreshes.filter(({ status }) => status === 400).length >= 19);

    await press(page, "#again");
    await says(page, "#naive-verdict", "Signed in for");
    assert.equal(await text(page, "#naive-requests"), "0");
    assert.equal(tokenRequests(strict.ours), 2);
  });

  test("says what is wrong with a wrong password, and lets the user try again", async (t) => {
    const { strict, hosts, open } = await newDemo(t, browser());
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
    assert.equal(tokenRequests(strict.ours), 2);
    assert.deepEqual([...hosts], ["127.0.0.1"]);
    assert.deepEqual(problems.filter(isNotExpected), []);
  });
});
