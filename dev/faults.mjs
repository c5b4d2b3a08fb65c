import { seededDice } from "./dice.mjs";
import { interruptions, spoilers } from "./fault-answers.mjs";

export const faultNames = [...Object.keys(interruptions), ...Object.keys(spoilers)];

const isWhole = (value) => Number.isSafeInteger(value) && value >= 0;
const isOrigin = (value) => typeof value === "string" && /^https?:/.test(value) && new URL(value).origin === value;
const rules = {
  times: [(value) => isWhole(value) && value > 0, "a whole number of 1 or more"],
  milliseconds: [isWhole, "a whole number of 0 or more"],
  retry_after: [isWhole, "a whole number of 0 or more"],
  origin: [(value) => URL.canParse(value) && isOrigin(value), 'an origin such as "http://127.0.0.1:9000"'],
  seed: [isWhole, "a whole number of 0 or more"],
  rate: [(value) => value >= 0 && value <= 1, "a number from 0 to 1"],
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
    if (!isObject(entry)) throw new TypeError(`${at} must be an object with a name`);
    checkName(`${at}.name`, entry.name);
    checkMembers(`${at}.`, entry, ["name", "times", ...(membersOf[entry.name] ?? [])]);
    checkOrigin(at, entry, [entry.name]);
  }
}

function checkRandom(faults) {
  if (!isObject(faults)) throw new TypeError("faults must be a list, or an object with seed, rate and names");
  const { names } = faults;
  if (!Array.isArray(names) || !names.length) throw new TypeError("faults.names must be a list of names");
  for (const [index, name] of names.entries()) checkName(`faults.names[${index}]`, name);
  for (const name of ["seed", "rate"]) check(`faults.${name}`, name, faults[name]);
  checkMembers("faults.", faults, ["seed", "rate", "names", ...names.flatMap((name) => membersOf[name] ?? [])]);
  checkOrigin("faults", faults, names);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkName(at, name) {
  if (!faultNames.includes(name)) throw new TypeError(`${at} must be one of ${faultNames.join(", ")}`);
}

function checkMembers(before, entry, known) {
  for (const [member, value] of Object.entries(entry)) {
    if (!known.includes(member))
      throw new TypeError(`${before}${member} is unknown here: there is ${known.join(", ")}`);
    if (rules[member]) check(before + member, member, value);
  }
}

function checkOrigin(at, entry, names) {
  if (names.includes("redirect")) check(`${at}.origin`, "origin", entry.origin);
}

function check(at, member, value) {
  const [holds, words] = rules[member];
  if (!holds(value)) throw new TypeError(`${at} must be ${words}`);
}
