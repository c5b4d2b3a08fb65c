import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inEachBrowser, problemsOf, until } from "../shared/browsers.mjs";
import { length } from "../shared/lengths.mjs";
import { startSite } from "../shared/site.mjs";
import {
  allTokens,
  isWaiting,
  logIn,
  newSessionTest,
  restoredUser,
  sessionPage,
  startRefresh,
} from "./session-page.mjs";

const TABS = 20;
const { tabRounds: ROUNDS, signOutRaces: RACES } = length;
const SIGN_INS = 10;
const ROTATIONS = 12;

let site;
before(async () => {
  site = await startSite({ "/page.js": sessionPage }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** For the page: joins in every round that is called. */
function follow() {
  const answers = new BroadcastChannel("answers");
  new BroadcastChannel("rounds").onmessage = async ({ data: rejected }) => {
    const { value: token, ...error } = await window.outcome(window.connection.getAccessToken({ rejected }));
    answers.postMessage({ token, ...error, user: await window.userWith(token) });
  };
}

/** For the page: calls a round, for the token after `rejected`, and resolves with so many answers. */
async function callRound(rejected, count) {
  const answers = new BroadcastChannel("answers");
  const rounds = new BroadcastChannel("rounds");
  const all = [];
  const complete = new Promise((resolve) => {
    answers.onmessage = ({ data }) => all.push(data) === count && resolve();
  });
  rounds.postMessage(rejected);
  await complete;
  answers.close();
  rounds.close();
  return all;
}

/** For the page, once a session is over: what is left of it. */
async function whatIsLeft() {
  const { reason } = (await window.snapshotWhere(window.connection, ({ state }) => state === "ended")).error;
  await window.snapshotWhere(window.client, ({ connection }) => connection === null);
  const restored = await window.client.restore();
  const kept = await window.inRegister();
  return { reason, restored, kept, connection: window.client.getSnapshot().connection };
}

/** For the page: logs in with a refresh token, from nothing. */
async function resume(token) {
  window.connection = await window.client.loginWithPersistance(token);
  return window.connection.getAccessToken();
}

/** For the page: notes when the client shows a session of this generation, or none. */
function watch(generation) {
  const isWanted = ({ connection }) =>
    generation ? connection?.getSnapshot().generation === generation : connection === null;
  window.seenAt = window.snapshotWhere(window.client, isWanted).then(() => performance.timeOrigin + performance.now());
}

/** For the page. */
const acts = {
  "sign-in": async () => {
    window.connection = await window.client.login("alice", "wonderland");
  },
  "login that replaces": async () => {
    window.connection = await window.client.login("bob", "builder");
  },
  "sign-out": () => window.connection.signout(),
};

const junk = [
  "",
  "x",
  "1",
  "null",
  '"x"',
  "[1]",
  "{}",
  '{"gen":"x"}',
  '{"v":2,"sid":"x","gen":0}',
  '{"v":2,"sid":"x"}',
];

/** For the page: notes whether the session is ever not there, and when the last of the garbage was heard. */
function listen(key) {
  window.changes = [];
  window.client.subscribe(() => {
    const { connection, error } = window.client.getSnapshot();
    if (!connection || error) window.changes.push(String(error));
  });
  window.heard = new Promise((resolve) => {
    new BroadcastChannel(key).onmessage = ({ data }) => data === "last" && resolve();
  });
}

/** For the page: says to all tabs what nobody understands, and more of it to this one. */
function sayGarbage(key) {
  const text = localStorage.getItem(key);
  const later = JSON.stringify({ ...JSON.parse(text), gen: 9, ended: "signed_out" });
  const plain = [
    "",
    "x",
    0,
    -1,
    Number.NaN,
    null,
    undefined,
    true,
    1n,
    [],
    [[key]],
    {},
    { key, newValue: null },
    text,
    later,
  ];
  const objects = [new Date(), new Map([[key, later]]), new Error("x"), new ArrayBuffer(8), new Blob(["x"]), /x/];
  const channel = new BroadcastChannel(key);
  for (const garbage of [...plain, ...objects, "last"]) channel.postMessage(garbage);
  channel.close();
  for (const newValue of [null, "", "x", later]) {
    for (const about of [null, "", "x", key]) dispatchEvent(new StorageEvent("storage", { key: about, newValue }));
  }
  for (const event of [new Event("storage"), new CustomEvent("storage", { detail: key })]) dispatchEvent(event);
}

/** A grant of its own, from no tab. */
async function grant(url, form) {
  const body = new URLSearchParams({ client_id: "demo-public-key", ...form });
  const answer = await fetch(`${url}/demo/connect/token`, { method: "POST", body });
  return { status: answer.status, ...(await answer.json()) };
}

const password = { grant_type: "password", scope: "meshy.api offline_access" };

/** Refresh tokens that the server still takes: the last one is asked first, since a reuse ends all. */
async function liveOf({ url }, issued) {
  const live = [];
  for (const { refresh_token } of issued.toReversed()) {
    const { status } = await grant(url, { grant_type: "refresh_token", refresh_token });
    if (status !== 400) live.push(status);
  }
  return live;
}

inEachBrowser((browser) => {
  test(`${TABS} tabs make one request at each expiry and have the same token, ${ROUNDS} times`, async (t) => {
    const { server, gate, open } = await newSessionTest(t, browser(), site);
    const tabs = [];
    for (let tab = 0; tab < TABS; tab++) tabs.push(await open());
    const [{ page }] = tabs;
    await page.evaluate(logIn);
    for (const { page } of tabs) {
      assert.equal(await page.evaluate(restoredUser), "alice");
      await page.evaluate(follow);
    }
    let token = await page.evaluate(() => window.connection.getAccessToken());
    for (let round = 1; round <= ROUNDS; round++) {
      const answers = await page.evaluate(callRound, token, TABS);
      const { access_token } = gate.issued().at(-1);
      assert.notEqual(access_token, token);
      assert.deepEqual(answers, Array(TABS).fill({ token: access_token, user: "alice" }));
      assert.equal(server.count("token"), 1 + round);
      token = access_token;
    }
    assert.equal(new Set(gate.spent()).size, ROUNDS);
    assert.equal(server.count("revocation"), 0);
    assert.deepEqual(problemsOf(tabs), []);
  });

  async function openTwo(t) {
    const sessionTest = await newSessionTest(t, browser(), site);
    const [one, two] = [await sessionTest.open(), await sessionTest.open()];
    return { ...sessionTest, one: one.page, two: two.page, tabs: [one, two] };
  }

  test(`a sign-out is not undone by what another tab commits, ${RACES} times`, async (t) => {
    const { server, gate, one, two, tabs } = await openTwo(t);
    const firsts = { "sign-out": 0, refresh: 0 };
    for (let race = 0; race < RACES; race++) {
      const before = gate.grants.length;
      await one.evaluate(logIn);
      await two.evaluate(async () => {
        window.connection = await window.client.restore();
      });
      const held = race % 3 ? gate.hold("answer") : undefined;
      await two.evaluate(startRefresh);
      const release = await held;
      if (race % 3 === 1) release();
      const signedOut = one.evaluate(() => window.connection.signout());
      if (race % 3 === 2) release();
      await signedOut;
      const refreshed = await two.evaluate(() => window.refreshed);
      for (const page of [one, two]) {
        const { restored, connection, kept } = await page.evaluate(whatIsLeft);
        assert.deepEqual([restored, connection, kept.length], [null, null, 1]);
        assert.match(JSON.parse(kept[0]).ended, /^(signed_out|invalid_grant)$/);
      }
      const issued = gate.grants.slice(before).flatMap(({ issued }) => issued ?? []);
      assert.deepEqual(await liveOf(server, issued), []);
      firsts[refreshed.startsWith("session_ended") ? "sign-out" : "refresh"]++;
    }
    t.diagnostic(`first was ${JSON.stringify(firsts)}`);
    assert.deepEqual(problemsOf(tabs, "status of 400"), []);
  });

  for (const [what, before] of [
    ["nothing", undefined],
    ["another session", logIn],
  ]) {
    test(`two tabs that start with one foreign token, where ${what} is stored, make one request`, async (t) => {
      const { server, gate, one, two, tabs } = await openTwo(t);
      const { refresh_token } = await grant(server.url, { ...password, username: "bob", password: "builder" });
      if (before) await one.evaluate(before);
      const held = gate.hold();
      const resumed = [one, two].map((page) => page.evaluate(resume, refresh_token));
      const release = await held;
      await until(two, isWaiting);
      release();
      const [token, other] = await Promise.all(resumed);
      assert.equal(other, token);
      assert.deepEqual(gate.spent(), [refresh_token]);
      for (const page of [one, two]) {
        assert.equal(await page.evaluate(() => window.userOf(window.connection)), "bob");
        assert.deepEqual(await page.evaluate(allTokens), [token, gate.issued().at(-1).refresh_token]);
      }
      await one.evaluate(startRefresh);
      await one.evaluate(() => window.refreshed);
      assert.equal(await two.evaluate(restoredUser), "bob");
      assert.equal(gate.spent().length, 2);
      assert.deepEqual(problemsOf(tabs), []);
    });
  }

  test("a token that was saved long ago joins the session and is not sent", async (t) => {
    const { gate, open, reload, one, two, tabs } = await openTwo(t);
    await one.evaluate(logIn);
    const [, saved] = await one.evaluate(allTokens);
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      await one.evaluate(startRefresh);
      await one.evaluate(() => window.refreshed);
    }
    await reload(one);
    const three = await open();
    const pages = [one, two, three.page];
    await Promise.all(pages.map((page) => page.evaluate(resume, saved)));
    for (const page of pages) assert.equal(await page.evaluate(() => window.userOf(window.connection)), "alice");
    assert.equal(new Set(gate.spent()).size, gate.spent().length);
    assert.equal(gate.spent().lastIndexOf(saved), 0);
    const last = gate.issued().at(-1);
    await Promise.all(pages.map((page) => page.evaluate(restoredUser)));
    for (const page of pages) assert.deepEqual(await page.evaluate(allTokens), [last.access_token, last.refresh_token]);
    assert.deepEqual(problemsOf([...tabs, three]), []);
  });

  test("what happens in one tab is seen in the other", async (t) => {
    const { server, one, two, tabs } = await openTwo(t);
    const latencies = Object.fromEntries(Object.keys(acts).map((what) => [what, []]));
    let generation = 0;
    for (let round = 1; round <= SIGN_INS; round++) {
      for (const [what, act] of Object.entries(acts)) {
        const wanted = what === "sign-out" ? null : ++generation;
        for (const page of [one, two]) await page.evaluate(watch, wanted);
        await one.evaluate(act);
        const [here, there] = await Promise.all([one, two].map((page) => page.evaluate(() => window.seenAt)));
        latencies[what].push(there - here);
      }
    }
    for (const [what, all] of Object.entries(latencies)) {
      const median = all.toSorted((a, b) => a - b)[SIGN_INS / 2];
      t.diagnostic(`${what}: ${median.toFixed(1)} ms`);
    }
    assert.equal(server.count("token"), 2 * SIGN_INS);
    assert.deepEqual(problemsOf(tabs), []);
  });

  test("what is said on the channel, by events and in localStorage changes nothing", async (t) => {
    const { server, one, two, tabs } = await openTwo(t);
    await one.evaluate(logIn);
    await two.evaluate(restoredUser);
    const tokens = await one.evaluate(allTokens);
    const key = await one.evaluate(() => localStorage.key(0));
    const asked = server.requests.length;
    const isUnchanged = async () => {
      for (const page of [one, two]) {
        const isThere = await page.evaluate(async () => (await window.client.restore()) !== null);
        assert.deepEqual([isThere, ...(await page.evaluate(allTokens))], [true, ...tokens]);
        assert.deepEqual(await page.evaluate(() => window.changes), []);
      }
      assert.equal(server.requests.length, asked);
    };
    for (const page of [one, two]) await page.evaluate(listen, key);
    await two.evaluate(sayGarbage, key);
    for (const page of [one, two]) await page.evaluate(() => window.heard);
    await isUnchanged();
    for (const text of junk) {
      await two.evaluate((...entry) => localStorage.setItem(...entry), key, text);
      await isUnchanged();
    }
    await two.evaluate(() => localStorage.clear());
    await isUnchanged();
    await one.evaluate(() => window.connection.signout());
    assert.equal((await two.evaluate(whatIsLeft)).reason, "signed_out");
    assert.equal(server.count("token"), 1);
    assert.deepEqual(problemsOf(tabs), []);
  });
});
