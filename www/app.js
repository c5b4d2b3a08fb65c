import { choice } from "/choice.js";
import { addressOf, config, openClients, placeIn } from "/clients.js";
import { clockAhead, moveClock, realTime, whenClockMoves } from "/clock.js";
import { drawFaults, faultsOf, loseNothing } from "/faults.js";
import { drawForm } from "/form.js";
import { follow } from "/lines.js";
import { claims, completeSignIn, signInWithRedirect, signOutWithRedirect } from "/pkg/oauth.js";
import { afterReload, refreshIn, reloadInMidRefresh } from "/reload.js";
import { drawScore, noteSignIn, startScore } from "/score.js";
import { closeTabs, openTabs, refreshTabs } from "/tabs.js";
import { drawTimeline } from "/timeline.js";
import { codes, endings, lasted, refusals, storage } from "/words.js";

const HOUR = 3_600_000;
const element = (id) => document.getElementById(id);

let place = placeIn(new URL(location.href));
let client;
let naive;
let session;
let user;
let connection = null;
let stops = [];
let acting = 0;
let last = {};

drawTimeline();
drawForm(act, { signIn: (username, password) => signIn(username, byPassword(username, password)), changeTenant });
drawFaults(act);
element("servers").replaceChildren(...config.servers.map(serverChoice));
whenClicked("redirect", "Sign-in", signInByRedirect);
whenClicked("call", "API call", callApi);
whenClicked("refresh", "Refresh", refreshNow);
whenClicked("reload", "Reload", reloadNow);
whenClicked("expire", "Expiry", expireNow);
whenClicked("hour", "Clock", () => moveClock(clockAhead() + HOUR));
whenClicked("right", "Clock", () => moveClock(0));
whenClockMoves(renderClock);
whenClicked("again", "Sign-in", signInAgain);
whenClicked("open-tabs", "Twenty tabs", async () => note(await openTabs(place)));
whenClicked("refresh-tabs", "Refresh of twenty", refreshAll);
whenClicked("sign-out", "Sign-out", signOut);
setInterval(renderTime, 250);
follow(renderNaive);
addEventListener("storage", render);
act(element("sign-in"), "Start", () => open(place));

function whenClicked(id, what, action) {
  element(id).addEventListener("click", ({ target }) => act(target, what, action));
}

async function open(next) {
  for (const stop of stops) stop();
  client?.[Symbol.dispose]?.();
  place = next;
  connection = null;
  last = {};
  closeTabs();
  ({ client, naive, session } = await openClients(place, { refreshIn }));
  startScore(session, noteLoss);
  user = localStorage.getItem(userKey()) ?? user;
  stops = [client.subscribe(render)];

  const signedIn = await act(element("redirect"), "Sign-in", completeRedirect);
  element("tenant").value = place.tenant;
  element("server").textContent = `${place.server.authUrl}/${config.accountName}`;
  history.replaceState(null, "", addressOf(location.pathname, place));
  element("second-tab").href = location.href;

  if (!signedIn) {
    const restored = await client.restore();
    note(restored ? "Session restored, without a request" : "Nobody is signed in");
  }
  render();
  await faultsOf(place.server);
  if (isLive()) act(element("reload"), "Refresh", endReload);
}

function changeTenant(tenant) {
  return open({ ...place, tenant });
}

async function changeServer(server) {
  await open({ ...place, server });
  if (!isLive() && user) await signInAgain();
}

/** `ways` has for each client that is to be signed in what does that. */
async function signIn(username, ways) {
  startScore(session, noteLoss);
  user = username;
  localStorage.setItem(userKey(), username);
  await everyone(
    Object.entries(ways).map(async ([whose, begin]) => {
      await begin();
      noteSignIn(whose);
    }),
  );
  note(`Signed in as ${username}`);
  if (ways.ours) element("session-title").focus();
}

function byPassword(username, password) {
  return {
    ours: () => client.login(username, password),
    naive: () => naive.signIn(username, password),
  };
}

/** Leaves the page for the server's. */
function signInByRedirect() {
  return signInWithRedirect(client.redirect, {
    redirectUri: addressOf("/", place).href,
    parameters: { prompt: "consent" },
  });
}

/** Takes the answer of a sign-in by redirect, if there is one, and signs in the naive client as the same user. */
async function completeRedirect() {
  const signedIn = await completeSignIn(client.redirect);
  if (!signedIn) return false;
  const { sub } = claims(signedIn.connection);
  const { naive } = byPassword(sub, seeded(sub).password);
  await signIn(sub, { ours: () => {}, naive });
  return true;
}

/** Whoever is signed out is signed in again as the user that both have been. */
async function signInAgain() {
  const known = seeded(user);
  if (!known) throw new Error("This page does not know who was signed in: sign out, and in again.");
  await loseNothing();
  const ways = byPassword(user, known.password);
  if (isLive()) delete ways.ours;
  if (naive.tokens) delete ways.naive;
  return signIn(user, ways);
}

function seeded(name) {
  return config.users.find(({ username, tenant }) => username === name && tenant === place.tenant);
}

async function signOut() {
  if (naive.tokens) naive.signOut();
  if (!isByRedirect()) return connection.signout();
  await signOutWithRedirect(client.redirect, { connection, postLogoutRedirectUri: addressOf("/", place).href });
}

async function callApi() {
  const response = await askApi();
  note(`The API answered ${response.status}`);
  element("answer-card").hidden = false;
  element("answer-status").textContent = response.status;
  element("answer").textContent = JSON.stringify(await response.json(), null, 2);
}

function askApi() {
  return both(
    () => connection.fetch("me"),
    () => naive.callApi("me"),
  );
}

function refreshNow() {
  return both(
    async () => {
      const { generation } = connection.getSnapshot();
      const token = await connection.getAccessToken();
      if (connection.getSnapshot().generation === generation) await connection.getAccessToken({ rejected: token });
    },
    () => naive.refresh(),
  );
}

function reloadNow() {
  return reloadInMidRefresh({ connection, hasNaive: naive.tokens !== null, refresh: refreshNow });
}

/** After it: ours has the token, the naive client asks again, if it still has what to ask with. */
async function endReload() {
  const reloaded = await afterReload(connection);
  if (!reloaded) return;
  element("reload-outcome").textContent = reloaded.outcome;
  note(reloaded.outcome);
  if (reloaded.hadNaive) await naive.refresh().catch(() => {});
}

async function refreshAll() {
  note(await refreshTabs({ rejected: await connection.getAccessToken(), hasNaive: naive.tokens !== null }));
  await askApi();
}

function expireNow() {
  const times = [connection.getSnapshot().expiresAt, naive.tokens?.expires_at ?? 0];
  moveClock(clockAhead() + Math.max(0, ...times.map((time) => time - Date.now())));
  note("Both access tokens have expired, by this site's clock");
}

/** Has both clients do the same, the naive one if it is signed in: what becomes of it is in the score. */
function both(ours, naives) {
  return everyone([ours(), naive.tokens && naives().catch(() => {})]).then(([outcome]) => outcome);
}

/** Waits for all of them, also when one fails. */
async function everyone(promises) {
  const outcomes = await Promise.allSettled(promises);
  render();
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return outcomes.map(({ value }) => value);
}

async function act(control, what, action) {
  if (control.ariaBusy === "true") return;
  control.ariaBusy = "true";
  acting += 1;
  element("problem").hidden = true;
  try {
    return await action();
  } catch (error) {
    note(`${what} failed: ${error.code ?? error.name}`);
    showProblem(error);
  } finally {
    control.ariaBusy = "false";
    acting -= 1;
  }
}

function isByRedirect() {
  return connection === client.redirect.getSnapshot().connection;
}

function isLive() {
  return connection !== null && connection.getSnapshot().state !== "ended";
}

function render() {
  const snapshot = client.getSnapshot();
  watch(snapshot.connection);
  const live = isLive();
  const current = connection?.getSnapshot();
  element("signed-in").hidden = element("session-title").hidden = !live;
  element("signed-out").hidden = live;
  document.title = live ? "Signed in · meshydb-client demo" : "meshydb-client demo";
  noteChanges(current, live);
  renderTime();
  if (!live) return;

  element("state").textContent = current.state;
  element("state").dataset.state = current.state;
  element("generation").textContent = current.generation;
  element("session-tenant").textContent = place.tenant;
  element("storage").textContent = storage[snapshot.storage];
  element("scope").textContent = current.scope;
  element("reload").disabled = isByRedirect();
}

/** Follows the client's connection. One that has gone is kept until the next, to say why it ended. */
function watch(next) {
  if (next === null || next === connection) return;
  stops[1]?.();
  connection = next;
  stops[1] = connection.subscribe(render);
}

function noteChanges({ state, generation, error } = {}, live) {
  if (last.live && !live) {
    note(endings[error?.reason] ?? codes.session_ended);
    if (error && error.reason !== "signed_out") showProblem(error);
    element("answer-card").hidden = true;
    closeTabs();
    element("username").focus();
  } else if (live && connection !== last.connection) {
    element("problem").hidden = true;
    if (acting === 0) note("Signed in through another tab");
  } else if (live && generation !== last.generation) {
    note(`Generation ${generation}: a new access token`);
  } else if (live && state !== last.state) {
    note(`The session is ${state}`);
  }
  last = { live, connection, state, generation };
}

function renderTime() {
  if (!session) return;
  drawScore({ ours: isLive(), naive: naive.tokens !== null });
  if (isLive()) renderRing(connection.getSnapshot());
}

function renderClock() {
  const ahead = clockAhead();
  element("clock").textContent =
    ahead === 0 ? "The clock is right." : `The clock of this site's pages is ${lasted(ahead)} ahead.`;
  element("right").disabled = ahead === 0;
}

function renderRing({ state, expiresAt }) {
  const seconds = expiresAt === null ? null : Math.max(0, (expiresAt - Date.now()) / 1000);
  const share = seconds === null ? 1 : Math.min(1, seconds / config.accessTokenLifetime);
  element("arc").style.strokeDashoffset = 100 - 100 * share;
  element("ring").dataset.level = share === 0 ? "expired" : share <= 0.1 ? "low" : "ok";
  element("ring").dataset.state = state;
  const whole = seconds === null ? "∞" : Math.ceil(seconds);
  element("remaining").textContent = whole;
  element("remaining-unit").textContent =
    share === 0 ? "renewed at the next call" : `${whole === 1 ? "second" : "seconds"} to expiry`;
}

function renderNaive({ whose, type }) {
  if (whose === "naive" && type === "ended") render();
}

function noteLoss(whose, reason) {
  if (whose === "naive") note(`The naive client has lost its session: ${reason}`);
}

function showProblem({ code, reason, error, retryAfter, message }) {
  const words = (code === "session_ended" && endings[reason]) || refusals[error] || codes[code] || message;
  const seconds = Math.ceil(retryAfter);
  const wait =
    retryAfter === undefined ? "" : ` Please try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  const label = document.createElement("code");
  label.textContent = [code, reason].filter(Boolean).join(" · ");
  element("problem").replaceChildren(words + wait, " ", label);
  element("problem").hidden = false;
}

function note(text) {
  const line = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date(realTime()).toLocaleTimeString();
  line.append(time, text);
  element("events").prepend(line);
  element("status").textContent = text;
  while (element("events").children.length > 20) element("events").lastChild.remove();
}

function serverChoice(server) {
  const label = server.reuseWindow === 0 ? "never" : `for ${server.reuseWindow} seconds`;
  return choice({ name: "server", label, isChosen: server === place.server }, (radio) =>
    act(radio, "Change of server", () => changeServer(server)),
  );
}

function userKey() {
  return `meshydb-client demo: user of ${session}`;
}
