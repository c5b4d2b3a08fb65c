import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser, problemsOf, until } from "../shared/browsers.mjs";
import { length } from "../shared/lengths.mjs";
import { startSite } from "../shared/site.mjs";
import {
  allTokens,
  isWaiting,
  locks,
  logIn,
  newSessionTest,
  openSession,
  restoredUser,
  sessionPage,
  startRefresh,
} from "./session-page.mjs";

let site;
before(async () => {
  const scripts = { "/page.js": sessionPage, "/away.js": "", "/favicon.ico": "" };
  site = await startSite(scripts, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: what the server answers from now on is read, and gets into no storage. */
function stopCommits() {
  const { fetch } = window;
  const { open } = IDBFactory.prototype;
  let isAnswered = false;
  window.fetch = async (...request) => {
    const answer = await fetch(...request);
    isAnswered = true;
    return answer;
  };
  IDBFactory.prototype.open = function (...database) {
    if (!isAnswered) return open.apply(this, database);
    window.isCommitting = true;
    return new EventTarget();
  };
  Object.defineProperty(window, "localStorage", { value: undefined });
}

const callAgain = () => window.connection.getAccessToken().catch(({ message }) => message);

/** Ways to get a tab to a point of its refresh and no further. */
const points = {
  "before its request has arrived": async ({ gate }, page) => {
    const held = gate.hold();
    await page.evaluate(startRefresh);
    await held;
  },
  "before its answer arrives": async ({ gate }, page) => {
    const held = gate.hold("answer");
    await page.evaluate(startRefresh);
    await held;
  },
  "before it commits": async (_, page) => {
    await page.evaluate(stopCommits);
    await page.evaluate(startRefresh);
    await until(page, () => window.isCommitting);
  },
};
const [unsent, ...spent] = Object.keys(points);

inEachBrowser((browser, name) => {
  async function openTabs(t, prepare, timeout) {
    const sessionTest = await newSessionTest(t, browser(), site);
    const tabs = [];
    for (let tab = 0; tab < 3; tab++) {
      tabs.push(await sessionTest.open(prepare));
      await tabs[tab].page.evaluate(openSession, timeout);
    }
    const [one, two, three] = tabs.map(({ page }) => page);
    return { ...sessionTest, one, two, three, tabs };
  }

  for (const [what, prepare] of Object.entries(locks)) {
    /** The first tab gets to the point and is closed; the second refreshes, too. */
    async function takeOver(t, point, isLenient) {
      // Without locks the claim of the first is waited out. A refusal takes three seconds more to be believed.
      const tabs = await openTabs(t, prepare, prepare && (isLenient ? 4_000 : 8_000));
      const { gate, one, two, three } = tabs;
      gate.isLenient = isLenient;
      await three.evaluate(() => {
        window.seen = window.snapshotWhere(
          window.connection,
          ({ state, generation }) => state === "ended" || generation === 2,
        );
      });
      await points[point](tabs, one);
      await two.evaluate(startRefresh);
      await until(two, isWaiting);
      await one.close();
      return { ...tabs, refreshed: await two.evaluate(() => window.refreshed) };
    }

    for (const [point, isLenient] of [[unsent, false], ...spent.map((point) => [point, true])]) {
      const where = isLenient ? ", and the server gives the answer again" : "";
      test(`with ${what} a tab is closed ${point}${where}: the session goes on`, async (t) => {
        const { server, gate, two, three, refreshed, tabs } = await takeOver(t, point, isLenient);
        assert.equal(refreshed, gate.issued().at(-1).access_token);
        assert.equal((await three.evaluate(() => window.seen)).generation, 2);
        for (const page of [two, three]) {
          assert.equal(await page.evaluate(() => window.connection.getAccessToken()), refreshed);
          assert.equal(await page.evaluate(() => window.userOf(window.connection)), "alice");
        }
        const [first] = gate.issued();
        assert.deepEqual(gate.spent(), Array(isLenient ? 2 : 1).fill(first.refresh_token));
        assert.equal(server.count("token"), 2);
        await three.evaluate((rejected) => window.connection.getAccessToken({ rejected }), refreshed);
        assert.deepEqual(problemsOf(tabs), []);
      });
    }

    for (const point of spent) {
      test(`with ${what} a tab is closed ${point}, and the token is spent: the session ends once`, async (t) => {
        const { server, gate, two, three, refreshed, tabs } = await takeOver(t, point, false);
        // A machine that stood still for a second has the claim waited out anew: the call's own time may be over before the
        // last refusal, and the user calls again.
        const isOver = !refreshed.startsWith("invalid_grant");
        const told = isOver ? refreshed : await two.evaluate(callAgain);
        assert.match(told, /^session_ended: response_lost/);
        const [{ refresh_token }] = gate.issued();
        // A token that is this young is asked for twice more before the refusal is believed.
        assert.deepEqual(gate.spent(), Array(4).fill(refresh_token));
        assert.equal(server.count("token"), 5);
        await three.evaluate(() => window.seen.then(() => {}));
        for (const page of [two, three]) {
          const seen = await page.evaluate(async () => ({
            call: await window.outcome(window.connection.getAccessToken()),
            restored: await window.client.restore(),
            register: (await window.inRegister()).map((text) => JSON.parse(text).ended),
          }));
          const call = { name: "MeshyError", code: "session_ended", reason: "response_lost" };
          assert.deepEqual(seen, { call, restored: null, register: ["response_lost"] });
        }
        await two.evaluate(logIn);
        assert.equal(await three.evaluate(restoredUser), "alice");
        assert.deepEqual(problemsOf(tabs, "status of 400"), []);
      });
    }
  }

  /** Away to another page of the site and back. */
  async function comeBack(page, meanwhile) {
    await page.evaluate(() => {
      window.mark = "kept";
    });
    await page.goto(`${site.url}/away.js`);
    await meanwhile?.();
    await page.evaluate(() => {
      setTimeout(() => history.back());
    });
    const mark = await until(page, () => window.isReady && (window.mark ?? "gone"));
    return (await mark.jsonValue()) === "kept";
  }

  test("a page that is left and returned to goes on with its session", async (t) => {
    const { server, one, tabs } = await openTabs(t);
    const before = await one.evaluate(allTokens);
    assert.equal(await comeBack(one), true);
    assert.deepEqual(await one.evaluate(allTokens), before);
    await one.evaluate((rejected) => window.connection.getAccessToken({ rejected }), before[0]);
    assert.equal(await one.evaluate(() => window.userOf(window.connection)), "alice");
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problemsOf(tabs), []);
  });

  test("a page that is returned to goes on with the tokens that another has received meanwhile", async (t) => {
    const { server, one, two, tabs } = await openTabs(t);
    const isKept = await comeBack(one, () => two.evaluate(startRefresh));
    const token = await two.evaluate(() => window.refreshed);
    t.diagnostic(`${name} ${isKept ? "has kept the page" : "has loaded the page again"}`);
    await until(one, () => {
      window.unsubscribe ??= window.client.subscribe(() => {});
      return window.client.getSnapshot().connection?.getSnapshot().generation === 2;
    });
    const seen = await one.evaluate(async () => {
      const { connection } = window.client.getSnapshot();
      return { token: await connection.getAccessToken(), user: await window.userOf(connection) };
    });
    assert.deepEqual(seen, { token, user: "alice" });
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problemsOf(tabs), []);
  });

  test("a page that is returned to sees that another tab has signed out meanwhile", async (t) => {
    const { server, one, two, tabs } = await openTabs(t);
    const isKept = await comeBack(one, () => two.evaluate(() => window.connection.signout()));
    t.diagnostic(`${name} ${isKept ? "has kept the page" : "has loaded the page again"}`);
    await until(one, () => {
      window.unsubscribe ??= window.client.subscribe(() => {});
      const { ready, connection } = window.client.getSnapshot();
      return ready && !connection;
    });
    assert.equal(await one.evaluate(() => window.client.restore()), null);
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problemsOf(tabs), []);
  });

  const skip = name !== "chromium" && "only Chromium lets a test freeze a tab";
  test("as many rotations elsewhere as one likes leave a tab as it was", async (t) => {
    const { page, problems } = await (await newSessionTest(t, browser(), site)).open();
    const generation = await page.evaluate(async (count) => {
      let text = null;
      const persistence = {
        read: () => text,
        compareAndSet(_key, expected, next) {
          if (text !== expected) return false;
          text = next;
          return true;
        },
      };
      const client = await window.makeClient({ persistence });
      const connection = await client.login("alice", "wonderland");
      const record = JSON.parse(text);
      for (let gen = 2; gen <= count; gen++) {
        text = JSON.stringify({ ...record, gen, refresh_token: `rt-${gen}` });
        await client.restore();
      }
      return connection.getSnapshot().generation;
    }, length.pageRotations);
    assert.equal(generation, length.pageRotations);
    assert.deepEqual(problems, []);
  });

  test("a tab that is frozen in the middle of its refresh adopts what others have done", { skip }, async (t) => {
    const { server, gate, one, two, tabs } = await openTabs(t, undefined, 3_000);
    const session = await one.createCDPSession();
    const live = (state) => session.send("Page.setWebLifecycleState", { state });
    await one.evaluate(() => {
      document.addEventListener("freeze", () => {
        window.isFrozen = true;
      });
      window.adopted = window.snapshotWhere(window.connection, ({ generation }) => generation === 2);
    });
    await points[unsent]({ gate }, one);
    await live("frozen");
    await two.evaluate(startRefresh);
    const token = await two.evaluate(() => window.refreshed);
    assert.equal(token, gate.issued().at(-1).access_token);
    assert.equal(await one.evaluate(() => window.connection.getSnapshot().generation), 1);
    await live("active");
    await one.evaluate(() => window.adopted.then(() => {}));
    assert.equal(await one.evaluate(() => window.isFrozen), true);
    assert.equal(await one.evaluate(() => window.connection.getAccessToken()), token);
    assert.equal(await one.evaluate(() => window.userOf(window.connection)), "alice");
    assert.equal(server.count("token"), 2);
    assert.deepEqual(problemsOf(tabs), []);
  });
});
