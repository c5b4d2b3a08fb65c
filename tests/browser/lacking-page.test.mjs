import assert from "node:assert/strict";
import { test } from "node:test";
import { inEachBrowser } from "../shared/browsers.mjs";
import { isShown, newDemo, says, signIn } from "./demo-page.mjs";

/** What a page may lack, and what the demo says then. */
const stops = {
  "no WebAssembly": [() => delete globalThis.WebAssembly, "has no WebAssembly"],
  "no BroadcastChannel": [() => delete globalThis.BroadcastChannel, "has no BroadcastChannel"],
  "an insecure context": [
    () => Object.defineProperty(globalThis, "isSecureContext", { value: false }),
    "not a secure context",
  ],
  "blocked storage": [
    () =>
      Object.defineProperty(globalThis, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      }),
    "keeps no localStorage",
  ],
};

inEachBrowser((browser) => {
  for (const [what, [prepare, sentence]] of Object.entries(stops)) {
    test(`${what}: says so, and shows no form that cannot work`, async (t) => {
      const { open } = await newDemo(t, browser());
      const { page, problems } = await open("/", prepare);
      await says(page, "#lacking", sentence);
      await isShown(page, "#lacking");
      assert.equal(await page.$eval("#signed-out", ({ hidden }) => hidden), true);
      assert.deepEqual(problems, []);
    });
  }

  test("no IndexedDB: says so, and signs in all the same", async (t) => {
    const { open } = await newDemo(t, browser());
    const { page } = await open("/", () => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
    await says(page, "#lacking", "has no IndexedDB");
    await signIn(page);
    await isShown(page, "#signed-in");
    await isShown(page, "#lacking");
  });
});
