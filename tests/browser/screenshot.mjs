import { statSync } from "node:fs";
import { join } from "node:path";
import { main, root, StepError } from "../../scripts/steps.mjs";
import { startDemo } from "../../www/server/demo.mjs";
import { launch } from "../shared/launch.mjs";
import { isShown, press, says, signIn } from "./demo-page.mjs";

const file = "docs/demo.png";
const limit = 150_000;

/** Takes the picture that README.md shows: the demo after twenty tabs have refreshed at once. */
await main(async () => {
  const demo = await startDemo();
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1080, height: 760 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.goto(demo.url);
    await signIn(page);
    await isShown(page, "#signed-in");
    await press(page, "#open-tabs");
    await press(page, "#refresh-tabs");
    await says(page, "#naive-verdict", "Session lost after");
    await page.evaluate(() => {
      document.activeElement.blur();
      scrollTo(0, 0);
    });
    await page.screenshot({ path: join(root, file) });
  } finally {
    await browser.close();
    await demo.close();
  }
  const { size } = statSync(join(root, file));
  if (size > limit) throw new StepError(`${file} has ${size} bytes, more than ${limit}.`);
  console.log(`${file}: ${size} bytes`);
});
