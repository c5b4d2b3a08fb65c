import { config, tenants } from "/clients.js";

const element = (id) => document.getElementById(id);

/** The sign-in form and the users that can be filled in. Both are called back with what was chosen. */
export function drawForm(act, { signIn, changeTenant }) {
  element("tenant").replaceChildren(...tenants.map((name) => new Option(name, name)));
  element("users").replaceChildren(...config.users.map((user) => userButton(user, act, changeTenant)));
  element("tenant").addEventListener("change", ({ target }) =>
    act(target, "Change of tenant", () => changeTenant(target.value)),
  );
  element("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.submitter, "Sign-in", async () => {
      await signIn(element("username").value, element("password").value);
      element("username").value = element("password").value = "";
    });
  });
}

function userButton(user, act, changeTenant) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  const texts = {
    "visually-hidden": "Fill in ",
    username: user.username,
    password: user.password,
    tenant: user.tenant,
  };
  for (const [name, words] of Object.entries(texts)) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = words;
    button.append(part);
  }
  button.addEventListener("click", () =>
    act(button, "Change of tenant", async () => {
      element("username").value = user.username;
      element("password").value = user.password;
      if (user.tenant !== element("tenant").value) await changeTenant(user.tenant);
      element("submit").focus();
    }),
  );
  item.append(button);
  return item;
}
