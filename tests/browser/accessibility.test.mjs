import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { inEachBrowser, until } from "../shared/browsers.mjs";
import { answer, isShown, leave, matches, newDemo, press, says, signIn } from "./demo-page.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { width: 360, height: 740 };
const desktop = { width: 1280, height: 900 };

const pages = {
  "the page before sign-in": { path: "/", prepare: (page) => isShown(page, "#signed-out") },
  "the page with tabs, a fault and a lost session": { path: "/", prepare: breakEverything },
  "the server's sign-in page, with a name that it does not know": { path: "/", prepare: misname },
  "the server's sign-out page": { path: "/", prepare: leaveSignedIn },
  "a document": { path: "/docs/errors" },
  "the list of documents": { path: "/docs" },
};

async function breakEverything(page) {
  await signIn(page);
  await isShown(page, "#signed-in");
  await press(page, "#open-tabs");
  await press(page, "#refresh-tabs");
  await says(page, "#naive-verdict", "Session lost after");
  await press(page, "#call");
  await press(page, "#lose");
  await says(page, "#faults-on", "The next answer of each server is lost.");
}

async function misname(page) {
  await leave(page);
  await answer(page, "allow", "nobody");
  await isShown(page, "#problem");
}

async function leaveSignedIn(page) {
  await leave(page);
  await answer(page, "allow");
  await isShown(page, "#signed-in");
  await page.click("#sign-out");
  await matches(page, "[form]");
}
/** Firefox cannot be told by its driver which one a page is to be in. */
const schemes = { chromium: ["light", "dark"], firefox: ["light"] };

/** Colours that are there at once: axe would measure them on the way. */
const media = (value) => [
  { name: "prefers-color-scheme", value },
  { name: "prefers-reduced-motion", value: "reduce" },
];

/** What axe finds that keeps somebody out, by rule and element. */
async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

/** Every control that is shown and can be used; of a group of radio buttons the one that Tab stops at. */
function controlsOf() {
  const all = [...document.querySelectorAll("a[href], button, input, select, [tabindex='0']")];
  const usable = all.filter((control) => control.checkVisibility() && !control.disabled);
  const stops = usable.filter(({ type, checked }) => type !== "radio" || checked);
  for (const [index, control] of stops.entries()) control.dataset.stop = index;
  return stops.length;
}

inEachBrowser((browser, name) => {
  for (const [what, { path, prepare }] of Object.entries(pages)) {
    test(`${what}: axe has no serious finding in any colours and width, and nothing is wider than a phone`, async (t) => {
      const { open } = await newDemo(t, browser());
      const { page } = await open(path);
      await page.setViewport(desktop);
      await prepare?.(page);
      for (const viewport of [desktop, phone]) {
        await page.setViewport(viewport);
        await until(page, (width) => innerWidth === width, viewport.width);
        for (const value of schemes[name]) {
          if (name === "chromium") await page.emulateMediaFeatures(media(value));
          assert.deepEqual(await findings(page), [], `${viewport.width} px, ${value}`);
        }
        const { scrollWidth, clientWidth } = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return { scrollWidth, clientWidth };
        });
        assert.equal(scrollWidth, clientWidth, `the page is too wide for ${viewport.width} px`);
      }
    });

    test(`${what}: Tab reaches every control, and shows where it is`, async (t) => {
      const { open } = await newDemo(t, browser());
      const { page } = await open(path);
      await page.setViewport(desktop);
      await prepare?.(page);
      await page.evaluate(() => {
        document.body.tabIndex = -1;
        document.body.focus();
      });
      const count = await page.evaluate(controlsOf);
      const reached = new Set();
      for (let presses = 0; presses < 2 * count && reached.size < count; presses += 1) {
        await page.keyboard.press("Tab");
        const { stop, isSeen } = await page.evaluate(() => {
          const { activeElement } = document;
          return { stop: activeElement.dataset.stop, isSeen: getComputedStyle(activeElement).outlineStyle !== "none" };
        });
        if (stop === undefined) continue;
        assert.ok(isSeen, `stop ${stop} shows no focus`);
        reached.add(stop);
      }
      const missed = await page.evaluate(
        (stops) =>
          [...document.querySelectorAll("[data-stop]")]
            .filter(({ dataset }) => !stops.includes(dataset.stop))
            .map(({ outerHTML }) => outerHTML),
        [...reached],
      );
      assert.deepEqual(missed, []);
    });
  }

  test("faults are chosen and put by keyboard alone", async (t) => {
    const { open, strict } = await newDemo(t, browser());
    const { page } = await open("/");
    await signIn(page);
    await isShown(page, "#signed-in");
    await says(page, "#faults-on", "Both servers answer.");
    await page.focus("#faults :checked");
    await page.keyboard.press("ArrowRight");
    await says(page, "#faults-on", "after 3 seconds");
    assert.equal(strict.ours.faults[0].name, "delay");
    await page.focus("#lose");
    await page.keyboard.press("Enter");
    await says(page, "#faults-on", "The next answer of each server is lost.");
    assert.deepEqual(
      strict.naive.faults.map((fault) => fault.name),
      ["lose_answer", "delay"],
    );
  });
});
