import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { autoRefresh } from "../../pkg/auto-refresh.js";
import { server, start } from "../shared/client.mjs";
import { json } from "../shared/fake-server.mjs";
import { LockedStore } from "../shared/stores.mjs";
import { Time } from "../shared/time.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let time;
let stops;
beforeEach(() => {
  time = new Time();
  stops = [];
  const window = new EventTarget();
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
    globalThis[name] = window[name].bind(window);
  }
});
afterEach(() => {
  for (const stop of stops) stop();
  time.restore();
  for (const name of ["document", "addEventListener", "removeEventListener", "dispatchEvent"]) delete globalThis[name];
});

const refreshes = () => server.count("refresh_token");

async function signedIn(options) {
  const client = await start(options);
  stops.push(autoRefresh(client));
  const connection = await client.login("alice", "pw");
  return { client, connection };
}

function show(visibilityState) {
  document.visibilityState = visibilityState;
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("a page that refreshes by itself", () => {
  test("does so in the last tenth of each token, without a call", async () => {
    const { connection } = await signedIn();
    await time.pass(0.9 * HOUR - 1);
    assert.equal(refreshes(), 0);
    await time.pass(0.1 * HOUR);
    assert.equal(refreshes(), 1);
    await time.pass(9 * HOUR);
    assert.ok(refreshes() >= 9 && refreshes() <= 11, `${refreshes()} refreshes`);
    assert.equal(connection.getSnapshot().state, "active");
  });

  test("does so once a minute at most", async () => {
    server.lifetime = 5;
    await signedIn();
    await time.pass(10 * MINUTE);
    assert.ok(refreshes() >= 5 && refreshes() <= 10, `${refreshes()} refreshes`);
  });

  test("does nothing while it is hidden, and makes up for it once it is seen again", async () => {
    await signedIn();
    show("hidden");
    await time.pass(3 * HOUR);
    assert.equal(refreshes(), 0);
    show("visible");
    await time.pass(1_000);
    assert.equal(refreshes(), 1);
    for (const state of ["hidden", "visible", "hidden", "visible"]) show(state);
    await time.pass(1_000);
    assert.equal(refreshes(), 1);
    await time.pass(HOUR);
    assert.equal(refreshes(), 2);
  });

  test("tries once where the server fails, and again when the network is back or a call wants it", async () => {
    const { connection } = await signedIn();
    server.answer = ({ grant }) => grant === "refresh_token" && json(503, {});
    await time.pass(HOUR - 1_000);
    const tried = refreshes();
    assert.ok(tried > 0);
    await time.pass(10 * HOUR);
    const given = refreshes();
    server.answer = () => undefined;
    await time.pass(10 * HOUR);
    assert.equal(refreshes(), given);
    dispatchEvent(new Event("online"));
    await time.pass(1_000);
    assert.equal(connection.getSnapshot().generation, 2);
    await time.pass(HOUR);
    assert.equal(connection.getSnapshot().generation, 3);
  });

  test("is one of all that share the store", async () => {
    const persistence = new LockedStore();
    await signedIn({ persistence });
    for (let page = 0; page < 20; page += 1) {
      const client = await start({ persistence });
      stops.push(autoRefresh(client));
      await client.restore();
    }
    await time.pass(HOUR);
    assert.equal(refreshes(), 1);
  });

  test("follows its client to the next session, and from a promise", async () => {
    const client = start();
    stops.push(autoRefresh(client));
    await client.login("alice", "pw");
    const bob = await (await client).login("bob", "pw");
    await time.pass(HOUR);
    assert.equal(bob.getSnapshot().generation, 2);
    assert.equal(refreshes(), 1);
  });

  test("leaves no timer behind: signed out, stopped, or where no lifetime is known", async () => {
    const { client, connection } = await signedIn();
    assert.equal(time.pending, 1);
    await time.settling(connection.signout());
    assert.equal(time.pending, 0);
    await client.login("alice", "pw");
    assert.equal(time.pending, 1);
    for (const stop of stops.splice(0)) stop();
    assert.equal(time.pending, 0);
    show("visible");
    await time.pass(3 * HOUR);
    server.lifetime = undefined;
    await signedIn();
    await time.pass(3 * HOUR);
    assert.equal(refreshes(), 0);
  });

  test("throws nothing when its client was disposed of", async () => {
    const { client } = await signedIn();
    client[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
    await time.pass(3 * HOUR);
    show("visible");
    await time.pass(3 * HOUR);
  });
});

test("where there is no page nothing happens", async () => {
  delete globalThis.document;
  await signedIn();
  await time.pass(3 * HOUR);
  assert.equal(refreshes(), 0);
});
