import { MeshyClient } from "/pkg/index.js";
import { closeTabs, openTabs, refreshTabs } from "/tabs.js";
import { drawTimeline, share, show } from "/timeline.js";

const config = await (await fetch("/config.json")).json();
const tenants = [...new Set(config.users.map((user) => user.tenant))];
const element = (id) => document.getElementById(id);

const kindWords = {
  invalid_grant: "That user name and password do not belong together.",
  refused: "The server refused the request.",
  rate_limited: "Too many attempts.",
  unavailable: "The server is not available at the moment.",
  network: "The server cannot be reached. Is it running?",
  timeout: "The server took too long to answer.",
  invalid_response: "The server answered something unexpected.",
  session_ended: "Your session has ended.",
  unsupported: "This browser cannot run the client.",
};
const endings = {
  signed_out: "Signed out.",
  invalid_grant: "The server ended your session. Please sign in again.",
  response_lost: "The server's answer was lost, and it does not answer twice. Please sign in again.",
  replaced: "Someone signed in here in your place.",
  removed: "Your session was removed from this browser's storage.",
};
const storageWords = {
  ok: "kept in this browser",
  degraded: "this tab's memory: the browser's storage fails",
  none: "this tab's memory",
};

let channel;
let tenant = tenants.find((name) => name === new URL(location.href).searchParams.get("tenant")) ?? tenants[0];
let client;
let connection = null;
let stops = [];
let acting = 0;
let last = {};

fillIn();
drawTimeline();
element("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter, "Sign-in", signIn);
});
element("tenant").addEventListener("change", ({ target }) => {
  tenant = target.value;
  act(target, "Change of tenant", openClient);
});
element("call").addEventListener("click", ({ target }) => act(target, "API call", callApi));
element("refresh").addEventListener("click", ({ target }) => act(target, "Refresh", refreshNow));
element("open-tabs").addEventListener("click", ({ target }) =>
  act(target, "Twenty tabs", () => openTabs(tenantHeader())),
);
element("refresh-tabs").addEventListener("click", ({ target }) => act(target, "Refresh of twenty", refreshAll));
element("sign-out").addEventListener("click", ({ target }) => act(target, "Sign-out", () => connection.signout()));
setInterval(renderRing, 250);
act(element("sign-in"), "Start", openClient);

async function openClient() {
  for (const stop of stops) stop();
  client?.[Symbol.dispose]?.();
  const { authUrl, apiUrl, accountName, publicKey } = config;
  client = await MeshyClient.initializeWithTenant(accountName, tenantHeader(), publicKey, {
    authUrl,
    apiUrl,
    persistence: "local",
  });
  channel?.close();
  channel = share(client);
  channel.onmessage = ({ data }) => show(data);
  connection = null;
  last = {};
  closeTabs();
  stops = [client.subscribe(render)];

  const url = new URL(location.href);
  url.searchParams.set("tenant", tenant);
  history.replaceState(null, "", url);
  element("second-tab").href = url;

  const restored = await client.restore();
  note(restored ? "Session restored, without a request" : "Nobody is signed in");
  render();
}

async function signIn() {
  const username = element("username").value;
  await client.login(username, element("password").value);
  element("username").value = element("password").value = "";
  note(`Signed in as ${username}`);
  render();
  element("session-title").focus();
}

async function callApi() {
  const response = await connection.fetch("me");
  const body = await response.json();
  note(`The API answered ${response.status}`);
  element("answer-card").hidden = false;
  element("answer-status").textContent = response.status;
  element("answer").textContent = JSON.stringify(body, null, 2);
}

function tenantHeader() {
  return tenant === "default" ? null : tenant;
}

async function refreshNow() {
  const { generation } = connection.getSnapshot();
  const token = await connection.getAccessToken();
  if (connection.getSnapshot().generation === generation) await connection.getAccessToken({ rejected: token });
}

async function refreshAll() {
  note(await refreshTabs(await connection.getAccessToken()));
}

async function act(control, what, action) {
  if (control.ariaBusy === "true") return;
  control.ariaBusy = "true";
  acting += 1;
  element("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    note(`${what} failed: ${error.code ?? error.name}`);
    showProblem(error);
  } finally {
    control.ariaBusy = "false";
    acting -= 1;
  }
}

function render() {
  const snapshot = client.getSnapshot();
  watch(snapshot.connection);
  const session = connection?.getSnapshot();
  const live = session !== undefined && session.state !== "ended";
  element("signed-in").hidden = !live;
  element("signed-out").hidden = live;
  document.title = live ? "Signed in · meshydb-client demo" : "meshydb-client demo";
  noteChanges(session, live);
  if (!live) return;

  element("state").textContent = session.state;
  element("state").dataset.state = session.state;
  element("generation").textContent = session.generation;
  element("session-tenant").textContent = tenant;
  element("storage").textContent = storageWords[snapshot.storage];
  element("scope").textContent = session.scope;
  renderRing();
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
    note(endings[error?.reason] ?? kindWords.session_ended);
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

function renderRing() {
  const session = connection?.getSnapshot();
  if (!session || session.state === "ended") return;
  const seconds = session.expiresAt === null ? null : Math.max(0, (session.expiresAt - Date.now()) / 1000);
  const share = seconds === null ? 1 : Math.min(1, seconds / config.accessTokenLifetime);
  element("arc").style.strokeDashoffset = 100 - 100 * share;
  element("ring").dataset.level = share === 0 ? "expired" : share <= 0.1 ? "low" : "ok";
  element("ring").dataset.state = session.state;
  const whole = seconds === null ? "∞" : Math.ceil(seconds);
  element("remaining").textContent = whole;
  element("remaining-unit").textContent =
    share === 0 ? "renewed at the next call" : `${whole === 1 ? "second" : "seconds"} to expiry`;
}

function showProblem({ code, reason, retryAfter, message }) {
  const words = (code === "session_ended" && endings[reason]) || kindWords[code] || message;
  const wait = retryAfter === undefined ? "" : ` Please try again in ${retryAfter} seconds.`;
  const label = document.createElement("code");
  label.textContent = [code, reason].filter(Boolean).join(" · ");
  element("problem").replaceChildren(words + wait, " ", label);
  element("problem").hidden = false;
}

function note(text) {
  const line = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  line.append(time, text);
  element("events").prepend(line);
  element("status").textContent = text;
  while (element("events").children.length > 20) element("events").lastChild.remove();
}

function fillIn() {
  element("server").textContent = `${config.authUrl}/${config.accountName}`;
  element("tenant").replaceChildren(...tenants.map((name) => new Option(name, name, false, name === tenant)));
  element("users").replaceChildren(...config.users.map(userButton));
}

function userButton(user) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.append(
    ...["username", "password", "tenant"].map((name) => {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = user[name];
      return part;
    }),
  );
  button.setAttribute("aria-label", `Fill in ${user.username}, password ${user.password}, tenant ${user.tenant}`);
  button.addEventListener("click", () => useSeeded(user, button));
  item.append(button);
  return item;
}

async function useSeeded(user, button) {
  element("username").value = user.username;
  element("password").value = user.password;
  if (user.tenant !== tenant) {
    tenant = element("tenant").value = user.tenant;
    await act(button, "Change of tenant", openClient);
  }
  element("submit").focus();
}
