import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { startOpenIdServer } from "../shared/openid-server.mjs";
import { startSite } from "../shared/site.mjs";
import { barePage, documentedPage } from "./page.mjs";

const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

/** A page at a URL of its own, and its OpenID provider. */
async function start(makePage) {
  const scripts = {};
  const site = await startSite(scripts, POLICY);
  const server = await startOpenIdServer({ appUrl: `${site.url}/` });
  scripts["/page.js"] = await makePage(server.url);
  return { site, server, close: () => Promise.all([site.close(), server.close()]) };
}

const isSignedIn = () => Boolean(window.connection);
const isReady = () => Boolean(window.outcome);

inOneBrowserAtLeast((browser) => {
  let documented;
  let bare;
  before(async () => {
    [documented, bare] = await Promise.all([start(documentedPage), start(barePage)]);
  });
  after(() => Promise.all([documented.close(), bare.close()]));

  test("the code of the document signs in, stays signed in after a reload and in another tab, and signs out", async (t) => {
    const { site, server } = documented;
    const context = await newContext(t, browser());
    const { page, problems } = await newTab(context, `${site.url}/?page=2#top`);
    await until(page, isSignedIn);
    assert.equal(page.url(), `${site.url}/`);
    const shown = await page.evaluate(async () => ({
      returnTo: window.signedIn.returnTo,
      claims: window.signedIn.claims.sub,
      answer: await (await window.connection.fetch("me")).json(),
      kept: Object.keys(sessionStorage),
    }));
    const answer = { user: "alice", pathname: "/api/me" };
    assert.deepEqual(shown, { returnTo: `${site.url}/?page=2#top`, claims: "alice", answer, kept: [] });
    assert.equal(server.logins, 1);
    assert.equal(server.count("authorization_code"), 1);

    await page.reload();
    await until(page, isSignedIn);
    const { page: other } = await newTab(context, site.url);
    await until(other, isSignedIn);
    for (const tab of [page, other]) {
      assert.equal(await tab.evaluate(() => window.claims(window.connection).sub), "alice");
      assert.equal(await tab.evaluate(() => window.signedIn), null);
    }
    await page.evaluate(async () => {
      await window.connection.getAccessToken({ rejected: await window.connection.getAccessToken() });
    });
    assert.equal(server.count("authorization_code"), 1);
    assert.equal(server.count("refresh_token"), 1);
    assert.deepEqual(problems, []);

    await page.evaluate(() => {
      const { signOutWithRedirect, client, connection } = window;
      window.connection = undefined;
      signOutWithRedirect(client, { connection, postLogoutRedirectUri: `${location.origin}/` });
    });
    // The page signs in again at once, and the server has to ask.
    await until(page, isSignedIn);
    assert.equal(server.logins, 2);
    assert.equal(server.count("authorization_code"), 2);
    assert.ok(server.paths.includes("POST /token/revocation"));
  });

  /** A tab at its callback URL, where nothing has been done yet. */
  async function openCallback(t) {
    const { site, server } = bare;
    server.grants.length = 0;
    const context = await newContext(t, browser());
    const { page } = await newTab(context, site.url);
    await until(page, isReady);
    await page.evaluate(() => {
      window.outcome = undefined;
      window.oauth.signInWithRedirect(window.client, { redirectUri: `${location.origin}/` });
    });
    await until(page, isReady);
    const { search, kept } = await page.evaluate(() => ({ search: location.search, kept: { ...sessionStorage } }));
    assert.match(search, /[?&]code=/);
    return { server, site, context, page, search, kept };
  }

  const complete = () => window.outcome(window.oauth.completeSignIn(window.client));
  const startCompleting = () => {
    window.completed = window.outcome(window.oauth.completeSignIn(window.client));
  };

  test("double effects, each with a client of its own, exchange once", async (t) => {
    const { server, page } = await openCallback(t);
    const both = await page.evaluate(() => {
      const effect = async () => window.outcome(window.oauth.completeSignIn(await window.createClient()));
      return Promise.all([effect(), effect()]);
    });
    assert.deepEqual(both, [{ value: "alice" }, { value: "alice" }]);
    assert.equal(server.grants.length, 1);
  });

  test("a reload in mid-exchange finds no answer, sends nothing, and signs in anew", async (t) => {
    const { server, page, kept } = await openCallback(t);
    const holding = server.hold();
    await page.evaluate(startCompleting);
    const release = await holding;
    await page.reload();
    await until(page, isReady);
    assert.deepEqual(await page.evaluate(complete), { value: null });
    release();
    assert.equal(Object.keys(kept).length, 1);
    assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});
    assert.equal(server.grants.length, 1);
    await page.evaluate(() => {
      window.outcome = undefined;
      window.oauth.signInWithRedirect(window.client, { redirectUri: `${location.origin}/` });
    });
    await until(page, isReady);
    assert.deepEqual(await page.evaluate(complete), { value: "alice" });
    assert.equal(server.grants.length, 2);
  });

  for (const [what, isCopy] of [
    ["another tab with the callback URL", false],
    ["a copy of the tab", true],
  ]) {
    test(`${what} sends nothing, also in mid-exchange, and has the session`, async (t) => {
      const { server, site, context, page, search, kept } = await openCallback(t);
      const { page: other } = await newTab(context, `${site.url}/${search}`);
      await until(other, isReady);
      if (isCopy) await other.evaluate((entries) => Object.assign(sessionStorage, entries), kept);
      const holding = server.hold();
      await page.evaluate(startCompleting);
      const release = await holding;
      const refused = await other.evaluate(complete);
      assert.equal(refused.code, "invalid_response");
      assert.match(refused.message, /begin the sign-in anew/);
      release();
      assert.deepEqual(await page.evaluate(() => window.completed), { value: "alice" });
      assert.equal(server.grants.length, 1);
      assert.equal(await other.evaluate(() => location.search), "");
      const restored = await other.evaluate(async () => window.oauth.claims(await window.client.restore()).sub);
      assert.equal(restored, "alice");
    });
  }

  test("a popup signs in, and the page stays", async (t) => {
    const { site, server } = bare;
    server.grants.length = 0;
    const context = await newContext(t, browser());
    const { page, problems } = await newTab(context, `${site.url}/?page=2`);
    await until(page, isReady);
    const signIn = () => {
      const { oauth, client } = window;
      window.completed = window.outcome(oauth.signInWithPopup(client, { redirectUri: `${location.origin}/` }));
      return window.completed;
    };
    assert.deepEqual(await page.evaluate(signIn), { value: "alice" });
    assert.equal(page.url(), `${site.url}/?page=2`);
    assert.equal(server.grants.length, 1);
    assert.deepEqual(await page.evaluate(() => ({ ...sessionStorage })), {});

    await page.evaluate(() => {
      const { open } = window;
      window.open = (...args) => {
        window.popup = open(...args);
        return window.popup;
      };
    });
    const hasAsked = server.hesitate();
    await page.evaluate(`void (${signIn})()`);
    await hasAsked;
    await page.evaluate(() => window.popup.close());
    assert.equal((await page.evaluate(() => window.completed)).code, "aborted");

    await page.evaluate(() => {
      window.open = () => null;
    });
    const { code, message } = await page.evaluate(signIn);
    assert.equal(code, "unsupported");
    assert.match(message, /blocked the popup/);
    assert.equal(server.grants.length, 1);
    assert.deepEqual(problems, []);
  });
});
