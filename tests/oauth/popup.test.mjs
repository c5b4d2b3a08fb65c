import assert from "node:assert/strict";
import { test } from "node:test";
import { completePopup, completeSignIn, signInWithPopup } from "../../pkg/oauth.js";
import { Storage, Tab } from "../shared/tab.mjs";
import { APP, create, metadata, OIDC, serverOf, tokens } from "./issuer.mjs";

/** Makes this a page, and resolves to where it brings the popup that it opens, whose channels end as it is closed. */
function openedPopup(t) {
  const { BroadcastChannel } = globalThis;
  const channels = [];
  class Channel extends BroadcastChannel {
    constructor(name) {
      super(name);
      channels.push(this);
    }
  }
  const close = () => {
    for (const channel of channels) channel.close();
  };
  t.after(() => {
    close();
    Object.assign(globalThis, { BroadcastChannel });
    for (const name of ["document", "window"]) delete globalThis[name];
  });
  return new Promise((resolve) => {
    const popup = { location: { replace: (url) => resolve(new URL(url)) }, closed: false, close };
    Object.assign(globalThis, { document: {}, window: { open: () => popup, close }, BroadcastChannel: Channel });
  });
}

test("the page of a popup leaves its answer to the page that has opened it, whatever it calls first", async (t) => {
  const opened = openedPopup(t);
  const fetch = serverOf({ [OIDC]: Response.json(metadata), "/t": () => Response.json(tokens) });
  const client = await create({ fetch });
  new Tab(APP).show(new Storage());
  const signing = signInWithPopup(client, { redirectUri: APP, signal: t.signal });
  const { searchParams } = await Promise.race([opened, signing]);
  const url = `${APP}?code=the-code&state=${searchParams.get("state")}`;
  const tab = new Tab(url);
  tab.show(new Storage());
  assert.equal(await completeSignIn(client), null);
  assert.equal(tab.url, url);
  assert.equal(completePopup(), true);
  assert.equal(await (await signing).connection.getAccessToken(), "a");
});
