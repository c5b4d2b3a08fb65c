import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inOneBrowserAtLeast, until } from "../shared/browsers.mjs";
import { length } from "../shared/lengths.mjs";
import { startSite } from "../shared/site.mjs";
import { logIn, newSessionTest, restoredUser, sessionPage } from "./session-page.mjs";

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: signs in in a frame of this origin, which is another page to the package. */
async function openFrame() {
  const frame = document.createElement("iframe");
  frame.src = location.href;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener("load", resolve));
  while (!frame.contentWindow.isReady) await new Promise((resolve) => setTimeout(resolve, 5));
  window.frame = frame;
  const { client } = frame.contentWindow;
  frame.contentWindow.connection = (await client.restore()) ?? (await client.login("alice", "wonderland"));
}

/** For the page: the frame signs out and is gone before anything else can happen. */
function signOutAndLeave() {
  window.frame.contentWindow.connection.signout();
  window.frame.remove();
}

/** For the page: what is left in localStorage. */
const keysLeft = () => Object.keys(localStorage);

inOneBrowserAtLeast((browser) => {
  test("a user who signs out on the way to another page is signed out there, every time", async (t) => {
    const { server, open } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    for (let round = 1; round <= length.leavings; round++) {
      await page.evaluate(logIn);
      const navigated = page.waitForNavigation();
      await page.evaluate(() => {
        window.connection.signout();
        location.reload();
      });
      await navigated;
      await until(page, () => window.isReady);
      assert.equal(await page.evaluate(restoredUser), null, `round ${round}`);
      assert.deepEqual(await page.evaluate(keysLeft), []);
    }
    assert.equal(server.count("token"), length.leavings);
    assert.deepEqual(problems, []);
  });

  test("a user who signs out and closes the page is signed out in the next, every time", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    for (let round = 1; round <= length.leavings; round++) {
      await page.evaluate(openFrame);
      await page.evaluate(signOutAndLeave);
      assert.equal(await page.evaluate(restoredUser), null, `round ${round}`);
      assert.deepEqual(await page.evaluate(keysLeft), []);
    }
    assert.deepEqual(problems, []);
  });

  test("what a worker has rotated meanwhile, which cannot see the mark, is ended, too", async (t) => {
    const { open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(openFrame);
    await page.evaluate(async () => {
      const [text] = await window.inRegister();
      const [key] = Object.keys(localStorage);
      const record = JSON.parse(text);
      const { connection } = window.frame.contentWindow;
      connection.signout();
      window.frame.remove();
      await window.inRegister((store) => store.put(JSON.stringify({ ...record, gen: record.gen + 1 }), key));
    });
    assert.equal(await page.evaluate(restoredUser), null);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    assert.match(await page.evaluate(async () => (await window.inRegister())[0]), /"gen":2,"ended":"signed_out"/);
    assert.deepEqual(problems, []);
  });

  test("two sessions that are signed out one after the other in a page that is left both stay so", async (t) => {
    const { open } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(openFrame);
    await page.evaluate(async () => {
      const { client, connection: one } = window.frame.contentWindow;
      const two = await client.login("alice", "wonderland");
      two.signout();
      one.signout();
      window.frame.remove();
    });
    assert.equal(await page.evaluate(restoredUser), null);
    assert.deepEqual(problems, []);
  });

  test("a login at once in another page stays", async (t) => {
    const { open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(openFrame);
    await page.evaluate(async () => {
      window.frame.contentWindow.connection.signout();
      window.frame.remove();
      window.connection = await window.client.login("alice", "wonderland");
    });
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), "alice");
    assert.equal((await page.evaluate(keysLeft)).length, 1);
    assert.deepEqual(problems, []);
  });

  test("the session of another slot goes on", async (t) => {
    const { open, reload } = await newSessionTest(t, browser(), site);
    const { page, problems } = await open();
    await page.evaluate(async () => {
      const other = await window.makeClient({ slot: "other" });
      await other.login("alice", "wonderland");
    });
    await page.evaluate(openFrame);
    await page.evaluate(signOutAndLeave);
    await reload(page);
    assert.equal(await page.evaluate(restoredUser), null);
    const user = await page.evaluate(async () => {
      const other = await window.makeClient({ slot: "other" });
      return window.userOf(await other.restore());
    });
    assert.equal(user, "alice");
    assert.deepEqual(problems, []);
  });

  test("without IndexedDB, and where nothing fits into localStorage any more, it is the same", async (t) => {
    for (const prepare of [
      () => Object.defineProperty(window, "indexedDB", { value: undefined }),
      () => {
        const { setItem } = Storage.prototype;
        Storage.prototype.setItem = function (key, text) {
          const others = Object.entries(localStorage).filter(([other]) => other !== key);
          if (others.some(([, other]) => other.length > 200) && text.length > 0) {
            throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
          }
          setItem.call(this, key, text);
        };
      },
    ]) {
      const { open } = await newSessionTest(t, browser(), site);
      const { page, problems } = await open(prepare);
      await page.evaluate(openFrame);
      await page.evaluate(signOutAndLeave);
      assert.equal(await page.evaluate(restoredUser), null);
      await page.evaluate(logIn);
      assert.equal(await page.evaluate(restoredUser), "alice");
      assert.deepEqual(problems, []);
    }
  });

  for (const type of ["focus", "visibilitychange"]) {
    test(`site data that were cleared are missed after ${type}`, async (t) => {
      const { open } = await newSessionTest(t, browser(), site);
      const { page, problems } = await open();
      await page.evaluate(logIn);
      const reason = await page.evaluate(async (type) => {
        const { connection } = window;
        await window.emptyRegister();
        localStorage.clear();
        const over = window.snapshotWhere(connection, ({ state }) => state === "ended");
        window.dispatchEvent(new Event(type));
        return (await over).error.reason;
      }, type);
      assert.equal(reason, "removed");
      assert.deepEqual(problems, []);
    });
  }
});
