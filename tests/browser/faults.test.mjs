import assert from "node:assert/strict";
import { test } from "node:test";
import { inEachBrowser, until } from "../shared/browsers.mjs";
import { isShown, matches, newDemo, press, says, signIn, text } from "./demo-page.mjs";

/** What a fault that lasts is called on the page and at the server, and why it loses the naive client its session. */
const lasting = [
  { label: "Slow", name: "delay", says: "after 3 seconds", why: "" },
  { label: "429", name: "too_many_requests", says: "429", why: "the server answered 429" },
  { label: "503", name: "unavailable", says: "503", why: "the server answered 503" },
  { label: "Captive portal", name: "captive_portal", says: "captive portal", why: "the answer was a web page" },
  { label: "Login redirect", name: "login_redirect", says: "login page", why: "the server answered 404" },
  { label: "Offline", name: "offline", says: "break every connection", why: "no answer came" },
];

async function openSignedIn(t, browser, path) {
  const demo = await newDemo(t, browser);
  const { page } = await demo.open(path);
  await signIn(page);
  await isShown(page, "#signed-in");
  await until(page, () => document.querySelector("#faults-on").textContent !== "");
  return { ...demo, page };
}

/** Chooses a radio button of the page by its label, as a person does. */
async function choose(page, label) {
  const input = await page.evaluateHandle(
    (wanted) => [...document.querySelectorAll(".choice")].find(({ textContent }) => textContent === wanted).firstChild,
    label,
  );
  await input.click();
  await until(page, (radio) => radio.ariaBusy === "false", input);
  assert.equal(await input.evaluate(({ checked }) => checked), true);
}

const naiveLoses = async (page, why) => {
  await says(page, "#naive-verdict", "Session lost after");
  assert.equal(await text(page, "#naive-why"), why);
};

inEachBrowser((browser) => {
  for (const { label, name, says: words, why } of lasting) {
    test(`${label}: ours stays signed in, the naive client ${why ? "loses its session" : "does, too"}`, async (t) => {
      const { strict, page } = await openSignedIn(t, browser());
      await choose(page, label);
      await says(page, "#faults-on", words);
      for (const { faults } of [strict.ours, strict.naive]) assert.equal(faults[0].name, name);
      await page.click("#refresh");
      await until(page, () => Number(document.querySelector("#ours-requests").textContent) > 0);
      if (why) await naiveLoses(page, why);
      else await says(page, "#naive-verdict", "Signed in for");
      await says(page, "#ours-verdict", "Signed in for");

      await choose(page, "They answer");
      await says(page, "#faults-on", "Both servers answer.");
      await matches(page, '#refresh[aria-busy="false"]');
      await says(page, "#ours-verdict", "Signed in for");
      assert.deepEqual([strict.ours.faults, strict.naive.faults], [[], []]);
      assert.equal(await page.$eval("#again", ({ hidden }) => hidden), !why);
    });
  }

  test("A lost answer: ours asks again where the server has a window, the naive client gives up", async (t) => {
    const { lenient, page } = await openSignedIn(t, browser(), "/?window=30");
    await press(page, "#lose");
    await matches(page, '#lose[aria-pressed="true"]');
    await says(page, "#faults-on", "The next answer of each server is lost.");
    await press(page, "#refresh");
    await naiveLoses(page, "no answer came");
    await says(page, "#ours-verdict", "Signed in for");
    await says(page, "#generation", "2");
    assert.equal(await text(page, "#ours-requests"), "2");
    assert.equal(await text(page, "#ours-tokens"), "1");
    await matches(page, '#lose[aria-pressed="false"]');
    const grants = ({ requests }) => requests.filter(({ grant_type }) => grant_type === "refresh_token");
    assert.deepEqual(
      grants(lenient.ours).map(({ fault, status }) => fault ?? status),
      ["lose_answer", 200],
    );
    assert.deepEqual(
      grants(lenient.naive).map(({ fault }) => fault),
      ["lose_answer"],
    );
  });

  test("A lost answer of a strict server: both lose, ours says why, one button signs both in again", async (t) => {
    const { page } = await openSignedIn(t, browser());
    await press(page, "#lose");
    await page.click("#refresh");
    await isShown(page, "#signed-out");
    assert.equal(await text(page, "#problem code"), "session_ended · response_lost");
    await says(page, "#ours-verdict", "Session lost after");
    assert.match(await text(page, "#ours-why"), /^The server's answer was lost/);
    await naiveLoses(page, "no answer came");
    await press(page, "#again");
    await isShown(page, "#signed-in");
    await says(page, "#ours-verdict", "Signed in for");
    await says(page, "#naive-verdict", "Signed in for");
    assert.equal(await page.$eval("#again", ({ hidden }) => hidden), true);
  });

  test("A fault that is on when nobody is signed in is said in the form, and can be ended there", async (t) => {
    const { strict, page } = await openSignedIn(t, browser());
    await choose(page, "503");
    await press(page, "#sign-out");
    await isShown(page, "#faulty");
    assert.equal(await text(page, "#faulty-words"), "Both servers answer 503: unavailable.");
    await signIn(page);
    await says(page, "#problem code", "unavailable");
    await press(page, "#clear");
    assert.deepEqual([strict.ours.faults, strict.naive.faults], [[], []]);
    await matches(page, "#faulty[hidden]");
    await press(page, "#submit");
    await isShown(page, "#signed-in");
  });

  test("A lost answer that a signed-out client has not met is not in the way of its next sign-in", async (t) => {
    const { lenient, page } = await openSignedIn(t, browser(), "/?window=30");
    for (let loss = 1; loss <= 2; loss += 1) {
      await press(page, "#lose");
      await press(page, "#refresh");
    }
    await naiveLoses(page, "no answer came");
    assert.deepEqual(
      lenient.naive.faults.map(({ name }) => name),
      ["lose_answer"],
    );
    await press(page, "#again");
    await says(page, "#naive-verdict", "Signed in for");
  });

  test("Another window: signs both in at the other servers, and is kept over a reload", async (t) => {
    const { lenient, page } = await openSignedIn(t, browser());
    await choose(page, "for 30 seconds");
    await isShown(page, "#signed-in");
    await says(page, "#naive-verdict", "Signed in for");
    assert.equal(await text(page, "#server"), `${lenient.ours.url}/demo`);
    await page.reload();
    await isShown(page, "#signed-in");
    assert.equal(await text(page, "#server"), `${lenient.ours.url}/demo`);
    await says(page, "#naive-verdict", "Signed in for");
  });

  test("Twenty tabs where a spent token is accepted again: the naive client stays, for twenty times the requests", async (t) => {
    const { page } = await openSignedIn(t, browser(), "/?window=30");
    await press(page, "#open-tabs");
    await press(page, "#refresh-tabs");
    const words = "20 tabs asked, 1 request was made. The naive client made 20 with one refresh token.";
    assert.equal(await text(page, "#tabs-outcome"), words);
    await says(page, "#naive-verdict", "Signed in for");
  });

  test("Expire now: both refresh with the next call, in this tab and in another", async (t) => {
    const { page, openSecond } = await openSignedIn(t, browser());
    await press(page, "#expire");
    await says(page, "#remaining-unit", "renewed at the next call");
    await says(page, "#clock", "ahead.");
    const { page: second } = await openSecond(page);
    await says(second, "#remaining-unit", "renewed at the next call");
    await page.bringToFront();
    await press(page, "#call");
    await says(page, "#generation", "2");
    for (const whose of ["ours", "naive"]) assert.equal(await text(page, `#${whose}-tokens`), "1");
    await says(second, "#generation", "2");
  });

  test("A clock an hour ahead, and right again: both stay signed in", async (t) => {
    const { page } = await openSignedIn(t, browser());
    await press(page, "#open-tabs");
    await press(page, "#hour");
    await says(page, "#clock", "1 h 0 min ahead");
    const ahead = () =>
      Math.min(...[...document.querySelectorAll("#tabs iframe")].map(({ contentWindow }) => contentWindow.Date.now()));
    await until(page, `(${ahead})() > new Date().getTime() + 3_500_000`);
    await press(page, "#call");
    await says(page, "#generation", "2");
    await press(page, "#right");
    await says(page, "#clock", "The clock is right.");
    await press(page, "#call");
    assert.equal(await text(page, "#answer-status"), "200");
    for (const whose of ["ours", "naive"]) await says(page, `#${whose}-verdict`, "Signed in for");
  });
});
