import { seededDice } from "./dice.mjs";
import { interruptions, spoilers } from "./fault-answers.mjs";
import { check } from "./options.mjs";

export const faultNames = [...Object.keys(interruptions), ...Object.keys(spoilers)];

/** Milliseconds: a timer can wait for no longer. */
const longestDelay = 2 ** 31 - 1;
/** Seconds. */
const longestRetry = 1_000_000_000;
const isWhole = (value, most = Number.MAX_SAFE_INTEGER) => Number.isInteger(value) && value >= 0 && value <= most;
const isOrigin = (value) => typeof value === "string" && /^https?:/.test(value) && new URL(value).origin === value;
const rules = {
  times: [(value) => isWhole(value) && value > 0, "a whole number of 1 or more"],
  milliseconds: [(value) => isWhole(value, longestDelay), `a whole number from 0 to ${longestDelay}`],
  retry_after: [(value) => isWhole(value, longestRetry), `a whole number from 0 to ${longestRetry}`],
  origin: [(value) => URL.canParse(value) && isOrigin(value), 'an origin such as "http://127.0.0.1:9000"'],
  seed: [(value) => isWhole(value), "a whole number of 0 or more"],
  rate: [(value) => typeof value === "number" && value >= 0 && value <= 1, "a number from 0 to 1"],
};
const membersOf = { delay: ["milliseconds"], too_many_requests: ["retry_after"], redirect: ["origin"] };

/** Which token requests meet which faults: those of a list, one after another, or random ones. */
export class Faults {
  #list = [];
  #random;
  #dice;

  constructor(faults = []) {
    this.set(faults);
  }

  set(faults) {
    if (Array.isArray(faults)) checkList(faults);
    else checkRandom(faults);
    this.#list = Array.isArray(faults) ? structuredClone(faults) : [];
    this.#random = Array.isArray(faults) ? undefined : structuredClone(faults);
    this.#dice = seededDice(faults.seed);
  }

  /** What is left of the list, or what is random. */
  get left() {
    return structuredClone(this.#random ?? this.#list);
  }

  /** The fault that the next token request meets, if it meets one. */
  next() {
    if (this.#random) return this.#draw();
    const [first] = this.#list;
    if (!first?.times) return first;
    first.times -= 1;
    if (!first.times) this.#list.shift();
    return first;
  }

  /** Whether the next request meets no server, whatever it is for. */
  isOffline() {
    return this.#list[0]?.name === "offline" && !!this.next();
  }

  #draw() {
    const { rate, names, seed, ...members } = this.#random;
    if (this.#dice() >= rate) return undefined;
    return { ...members, name: names[Math.floor(this.#dice() * names.length)] };
  }
}

function checkList(faults) {
  for (const [index, entry] of faults.entries()) {
    const at = `faults[${index}]`;
    check(isObject(entry), at, "an object with a name", entry);
    checkName(`${at}.name`, entry.name);
    checkMembers(`${at}.`, entry, ["name", "times", ...(membersOf[entry.name] ?? [])]);
    checkOrigin(at, entry, [entry.name]);
  }
}

function checkRandom(faults) {
  check(isObject(faults), "faults", "a list, or an object with seed, rate and names", faults);
  const { names } = faults;
  check(Array.isArray(names) && names.length, "faults.names", "a list of names", names);
  for (const [index, name] of names.entries()) checkName(`faults.names[${index}]`, name);
  for (const name of ["seed", "rate"]) checkMember(`faults.${name}`, name, faults[name]);
  checkMembers("faults.", faults, ["seed", "rate", "names", ...names.flatMap((name) => membersOf[name] ?? [])]);
  checkOrigin("faults", faults, names);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkName(at, name) {
  check(faultNames.includes(name), at, `one of ${faultNames.join(", ")}`, name);
}

function checkMembers(before, entry, known) {
  for (const [member, value] of Object.entries(entry)) {
    if (!known.includes(member))
      throw new TypeError(`${before}${member} is unknown here: there is ${known.join(", ")}`);
    if (rules[member]) checkMember(before + member, member, value);
  }
}

function checkOrigin(at, entry, names) {
  if (names.includes("redirect")) checkMember(`${at}.origin`, "origin", entry.origin);
}

function checkMember(at, member, value) {
  const [holds, words] = rules[member];
  check(holds(value), at, words, value);
}
