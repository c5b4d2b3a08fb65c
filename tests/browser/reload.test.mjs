import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneBrowserAtLeast } from "../shared/browsers.mjs";
import { answer, isShown, leave, newDemo, says, signIn, text, tokenRequests } from "./demo-page.mjs";

const stays = "This page was reloaded in mid-refresh, and is still signed in, with one request.";

inOneBrowserAtLeast((browser) => {
  test("a reload in mid-refresh loses the naive client's session; ours has the answer by its service worker", async (t) => {
    const { strict, open } = await newDemo(t, browser());
    const { page, problems } = await open();
    await signIn(page);
    await isShown(page, "#signed-in");
    await Promise.all([page.waitForNavigation(), page.click("#reload")]);
    await says(page, "#reload-outcome", stays);
    await says(page, "#generation", "2");
    await says(page, "#ours-verdict", "Signed in for");
    await says(page, "#naive-verdict", "Session lost after");
    assert.equal(tokenRequests(strict.ours), 2);
    assert.deepEqual([strict.ours.faults, strict.naive.faults], [[], []]);
    assert.deepEqual(
      problems.filter((problem) => !/status of 400/.test(problem)),
      [],
    );
    await page.reload();
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#reload-outcome"), "");
  });

  test("a session by redirect, which that service worker does not know, cannot be reloaded so", async (t) => {
    const demo = await newDemo(t, browser());
    const { page } = await demo.open("/");
    await leave(page);
    await answer(page, "allow");
    await isShown(page, "#signed-in");
    assert.equal(await page.$eval("#reload", ({ disabled }) => disabled), true);
  });
});
