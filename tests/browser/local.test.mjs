import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { startLocalSite } from "./local-page.mjs";

const TABS = 4;
const INCREMENTS = 75;

let site;
before(async () => {
  site = await startLocalSite();
});
after(() => site.close());

/** For the page: adds one to the number under the key as often as told. */
async function count(increments) {
  for (let done = 0; done < increments; ) {
    const [text] = await window.register.read("count");
    const next = String(Number(text ?? 0) + 1);
    const [isSwapped] = await window.register.compareAndSet("count", text ?? null, next);
    if (isSwapped) done++;
  }
}

/** For the page: takes the lock and keeps it until `window.release` is called. */
function takeLock() {
  return new Promise((granted) => {
    const { lock } = new window.Local();
    const { signal } = new AbortController();
    window.released = lock("session", signal, () => {
      granted();
      return new Promise((resolve) => {
        window.release = () => resolve("done");
      });
    });
  });
}

/** For the page: asks for the lock and says when it is asked for, not when it is granted. */
async function askForLock() {
  window.controller = new AbortController();
  window.waiting = new window.Local().lock("session", window.controller.signal, async () => "granted");
  const { pending } = await navigator.locks.query();
  return pending.length;
}

inOneBrowserAtLeast((browser) => {
  async function openTabs(t, number) {
    const context = await newContext(t, browser());
    const tabs = await Promise.all(Array.from({ length: number }, () => newTab(context, site.url)));
    for (const { page } of tabs) await until(page, () => window.isReady);
    return tabs.map(({ page }) => page);
  }

  test("tabs that compare and set the same value lose none of each other's, without a lock", async (t) => {
    const pages = await openTabs(t, TABS);
    await Promise.all(pages.map((page) => page.evaluate(count, INCREMENTS)));
    const [total] = await pages[0].evaluate(() => window.register.read("count"));
    assert.equal(total, String(TABS * INCREMENTS));
  });

  test("a value that is not the expected one stays", async (t) => {
    const [page] = await openTabs(t, 1);
    const seen = await page.evaluate(async () => {
      const store = new window.Local();
      const swaps = [];
      for (const [expected, next] of [
        ["other", "1"],
        [null, "1"],
        [null, "2"],
        ["1", "2"],
      ]) {
        swaps.push(await store.compareAndSet("session", expected, next));
      }
      return { swaps, read: await store.read("session"), other: await store.read("other"), kept: { ...localStorage } };
    });
    assert.deepEqual(seen, { swaps: [false, true, false, true], read: "2", other: null, kept: { session: "2" } });
  });

  test("no connection to IndexedDB stays open", async (t) => {
    const [one, two] = await openTabs(t, 2);
    await one.evaluate(() => new window.Local().compareAndSet("session", null, "1"));
    await one.evaluate(() => new window.Local().read("session"));
    const event = await two.evaluate(
      () =>
        new Promise((resolve) => {
          const deleting = indexedDB.deleteDatabase("meshydb-client");
          deleting.onsuccess = deleting.onblocked = ({ type }) => resolve(type);
        }),
    );
    assert.equal(event, "success");
  });

  test("a lock is held until its work is done, by one tab at a time", async (t) => {
    const [one, two] = await openTabs(t, 2);
    await one.evaluate(takeLock);
    assert.equal(await two.evaluate(askForLock), 1);
    await one.evaluate(() => window.release());
    assert.equal(await one.evaluate(() => window.released), "done");
    assert.equal(await two.evaluate(() => window.waiting), "granted");
  });

  test("a signal withdraws who waits for a lock", async (t) => {
    const [one, two] = await openTabs(t, 2);
    await one.evaluate(takeLock);
    await two.evaluate(askForLock);
    const name = await two.evaluate(() => {
      window.controller.abort();
      return window.waiting.catch((error) => error.name);
    });
    assert.equal(name, "AbortError");
    assert.equal(await two.evaluate(async () => (await navigator.locks.query()).pending.length), 0);
  });

  test("a tab that is closed frees its lock", async (t) => {
    const [one, two] = await openTabs(t, 2);
    await one.evaluate(takeLock);
    assert.equal(await two.evaluate(askForLock), 1);
    await one.close();
    assert.equal(await two.evaluate(() => window.waiting), "granted");
  });

  test("where there are no locks, nobody gets one, and nobody waits for it", async (t) => {
    const [page] = await openTabs(t, 1);
    const isHeld = await page.evaluate(async () => {
      Object.defineProperty(navigator, "locks", { value: undefined });
      let isHeld = false;
      await new window.Local().lock("key", new AbortController().signal, () => {
        isHeld = true;
      });
      return isHeld;
    });
    assert.equal(isHeld, false);
  });

  test("clients of one page and of other tabs are told of a commit, and the one that made it is not", async (t) => {
    const [one, two] = await openTabs(t, 2);
    const listen = () => {
      window.stores = [new window.Local(), new window.Local()];
      window.hints = [0, 0];
      window.hinted = new Promise((resolve) => {
        window.stops = window.stores.map((store, index) =>
          store.watch("session", () => {
            window.hints[index]++;
            resolve();
          }),
        );
      });
    };
    await one.evaluate(listen);
    await two.evaluate(listen);
    await two.evaluate(() => window.stops[1]());
    await one.evaluate(() => window.stores[0].compareAndSet("session", null, "1"));
    await one.evaluate(() => window.hinted);
    await two.evaluate(() => window.hinted);
    assert.deepEqual(await one.evaluate(() => window.hints), [0, 1]);
    assert.equal(await two.evaluate(() => window.hints[1]), 0);
    await one.evaluate(() => window.stops.map((stop) => stop()));
    assert.equal(await one.evaluate(() => window.stores[0].compareAndSet("session", "1", "2")), true);
  });
});
