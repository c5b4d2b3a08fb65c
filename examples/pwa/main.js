import { opening } from "./client.js";

const element = (id) => document.getElementById(id);
const client = await opening;
let connection = null;

client.subscribe(show);
show();
element("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const { username, password } = event.target.elements;
  client.login(username.value, password.value).catch(tell);
});
element("refresh").addEventListener("click", () => refresh().catch(tell));
element("sign-out").addEventListener("click", () => connection.signout().catch(tell));

function show() {
  const { ready, connection: current, error } = client.getSnapshot();
  if (current && current !== connection) current.subscribe(showGeneration);
  connection = current;
  element("sign-in").hidden = !ready || connection !== null;
  element("session").hidden = connection === null;
  element("problem").textContent = error?.code ?? "";
  showGeneration();
}

function showGeneration() {
  element("generation").textContent = connection?.getSnapshot().generation ?? "";
}

async function refresh() {
  const rejected = await connection.getAccessToken();
  await connection.getAccessToken({ rejected });
}

function tell({ code }) {
  element("problem").textContent = code;
}
