import { inspect } from "node:util";
import { accounts as seededAccounts, users as seededUsers } from "./seed.mjs";

const twoWeeks = 14 * 24 * 3600;
const longest = 1_000_000_000;
/** The least and the most that these may be. */
export const limits = {
  port: [0, 65_535],
  accessTokenLifetime: [1, longest],
  refreshTokenLifetime: [1, longest],
  reuseWindow: [0, longest],
};
const defaults = {
  port: 0,
  accessTokenLifetime: 60,
  refreshTokenLifetime: twoWeeks,
  reuseWindow: 0,
  accounts: seededAccounts,
  users: seededUsers,
  faults: [],
  log: () => {},
};
const isText = (value) => typeof value === "string" && value !== "";
const isList = (value, isMember) => Array.isArray(value) && value.length > 0 && value.every(isMember);
const membersOf = {
  accounts: {
    name: [(value) => isText(value) && !/[/?#]/.test(value), 'a text without "/", "?" and "#"'],
    publicKey: [isText, "a text"],
    tenants: [(value) => isList(value, isText), "a list of names"],
    secret: [(value) => value === undefined || /^[!-~]+$/.test(value), "a text of visible ASCII characters"],
  },
  users: {
    account: [isText, "the name of an account"],
    tenant: [isText, "the name of a tenant"],
    username: [isText, "a text"],
    password: [isText, "a text"],
  },
};

/** What `startAuthorizationServer` is given, with what it is not given. Throws a `TypeError` that names what is wrong. */
export function checkedOptions(given = {}) {
  check(typeof given === "object" && given !== null, "options", "an object", given);
  for (const name of Object.keys(given)) {
    const known = Object.keys(defaults).join(", ");
    if (!Object.hasOwn(defaults, name)) throw new TypeError(`${name} is unknown here: there is ${known}`);
  }
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...defaults, ...Object.fromEntries(named) };
  for (const [name, range] of Object.entries(limits)) checkWhole(name, options[name], range);
  for (const [name, rules] of Object.entries(membersOf)) checkPeople(name, options[name], rules);
  if (given.users) checkHomes(options);
  check(typeof options.log === "function", "log", "a function", options.log);
  return options;
}

export function checkWhole(name, value, [least, most], shown = value) {
  const isIn = Number.isInteger(value) && value >= least && value <= most;
  check(isIn, name, `a whole number from ${least} to ${most}`, shown);
}

export function check(holds, name, words, value) {
  if (!holds) throw new TypeError(`${name} must be ${words}, not ${shownAs(value)}`);
}

function checkPeople(name, list, rules) {
  check(Array.isArray(list), name, "a list", list);
  for (const [index, entry] of list.entries()) {
    const at = `${name}[${index}]`;
    check(typeof entry === "object" && entry !== null, at, `an object with ${Object.keys(rules).join(", ")}`, entry);
    for (const [member, [holds, words]] of Object.entries(rules)) {
      check(holds(entry[member]), `${at}.${member}`, words, entry[member]);
    }
  }
}

/** Nobody could sign in as a user of an account or tenant that is not there. */
function checkHomes({ accounts, users }) {
  for (const [index, { account, tenant }] of users.entries()) {
    const home = accounts.find(({ name }) => name === account);
    check(home, `users[${index}].account`, `one of ${accounts.map(({ name }) => name).join(", ")}`, account);
    check(home.tenants.includes(tenant), `users[${index}].tenant`, `one of ${home.tenants.join(", ")}`, tenant);
  }
}

function shownAs(value) {
  return typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
}
