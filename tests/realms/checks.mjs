import { familyOf, isOver } from "./families.mjs";
import { Faults } from "./faults.mjs";
import { Renewing } from "./renewing.mjs";

/** Milliseconds until what one page has written into localStorage is seen in another. */
const SEEN = 250;
/** Milliseconds by which timers of a page in the background may be late, in a call's time. */
const LEEWAY = 4_000;
/** Milliseconds from a look into the store to the request that follows from it. */
const A_SEND = 1_500;
/** Milliseconds from a call to the end of a standstill that ends with the time of one of its operations. */
const HARDLY_LATE = [1_000, 1_060];
/** Milliseconds that a store takes for an operation, at most. */
const A_READ = 30;
/** Milliseconds by which an access token may be served too late. */
const EXPIRY = 500;

/** What must hold at each call, its end, and each request. */
export class Checks {
  violation;
  /** That have not come to their end. */
  calls = new Set();
  #world;

  constructor(world) {
    this.#world = world;
    this.faults = new Faults(world);
    this.renewing = new Renewing(world);
  }

  fail(text) {
    this.#world.log("VIOLATION:", text);
    this.violation ??= text;
  }

  begins(realm, name, connection) {
    const { time, register, server } = this.#world;
    const { changedAt, family } = register;
    const of = connection && familyOf(server, connection);
    const call = { realm, name, of, at: time.now, changedAt, family };
    this.calls.add(call);
    this.#world.log(realm.name, "calls", name);
    if (name === "signout" && of) this.#signsOut(call);
    if (name === "resume") realm.resumes++;
    if (name === "fetch") realm.hasFetched = true;
    return call;
  }

  ends(call, { value, error }) {
    const { realm, name, at } = call;
    this.calls.delete(call);
    if (!realm.isAlive) return;
    this.#world.log(realm.name, name, "comes to", told(value, error));
    if (name === "resume") realm.resumes--;
    const took = realm.awakeSince(at);
    if (took > this.#bound) this.fail(`${name} of ${realm.name} took ${took.toFixed()} ms`);
    const isPlatforms = name === "fetch" && error instanceof TypeError;
    if (error && error.name !== "MeshyError" && !isPlatforms) this.fail(`${name} of ${realm.name}: ${error}`);
    if (error && name === "initialize") this.fail(`${realm.name} cannot run the package: ${error}`);
    if (name === "restore") this.#restored(call, value, error);
    if (name === "token" && value) this.#served(call, value);
    if (name === "signout" && !error) this.#signedOut(call);
  }

  /** Nothing that may as well be done by others keeps a process alive. */
  finishes(realm) {
    const { time } = this.#world;
    const since = time.now;
    const isOver = () => !realm.isAlive || realm.hasStoodStill(since) || this.faults.ofStore(realm, 0);
    time.later(this.#bound, () => isOver() || this.fail(`${realm.name} has come to its end, and lives on`));
  }

  /** What somebody waits for keeps it alive. */
  endsByItself(realm) {
    for (const call of this.calls) if (call.realm === realm) this.fail(`${realm.name} ends before ${call.name} does`);
  }

  sends(flight) {
    const { form, realm, url, headers } = flight;
    const { tokenEndpoint, apiUrl } = this.#world;
    const text = form.get("refresh_token");
    this.#world.log(realm.name, "sends", form.get("grant_type") ?? url, text ?? "");
    if (headers.has("authorization") && !url.startsWith(`${apiUrl}/`)) this.fail(`the access token went to ${url}`);
    if (url === tokenEndpoint && text) this.#presents(flight, text);
  }

  /** Twice the timeout and three seconds, of the time in which a realm does not stand still. */
  get #bound() {
    return 2 * this.#world.plan.timeout + 3_000 + LEEWAY;
  }

  #signsOut({ realm, of: family }) {
    const { now } = this.#world.time;
    family.signOut ??= { at: now, realm };
    if (realm.hasCopy) family.signOut.markedAt ??= now;
  }

  #signedOut({ of: family, realm }) {
    if (!family) return;
    const { time, register } = this.#world;
    family.signOut.resolvedAt ??= time.now;
    if (!realm.lacks.includes("indexedDB") && register.stored === family) {
      this.fail(`signout of ${realm.name} has come to its end, and its session is stored`);
    }
  }

  #restored(call, connection, error) {
    if (error) this.#couldNotRestore(call, error);
    else if (connection) this.#broughtBack(call, connection);
    else this.#foundNothing(call);
  }

  /** A store that does not fail is read. Others that stand still may keep it busy. */
  #couldNotRestore({ realm, at }, { code }) {
    if (code !== "unavailable" || this.faults.ofStore(realm, at) || this.faults.ofOthers(realm, at)) return;
    // A timer that is hardly late tells nobody that everything stood still until then.
    if (realm.stops.some(({ until }) => until > at + HARDLY_LATE[0] && until < at + HARDLY_LATE[1])) return;
    // Nor does one that is in time, if no operation had the time to end before the standstill, or after it.
    const due = at + HARDLY_LATE[0];
    if (realm.stops.some(({ from, until }) => from < at + A_READ && until > due - A_READ && until <= due)) return;
    this.fail(`restore of ${realm.name} says that the store fails, and it does not`);
  }

  #foundNothing({ realm, changedAt, family }) {
    const { register } = this.#world;
    const isSame = family && register.changedAt === changedAt && register.family === family;
    const isLive = isSame && !family.isRevoked && !family.signOut;
    if (isLive && !this.faults.haveWiped && !this.faults.areBestEffort) {
      this.fail(`restore of ${realm.name} finds nothing, where a session is stored`);
    }
  }

  #broughtBack({ realm, at }, connection) {
    const { number, signOut } = familyOf(this.#world.server, connection) ?? {};
    if (!signOut) return;
    const seenAfter = signOut.realm.tab === realm.tab ? 0 : SEEN;
    const { markedAt } = signOut;
    const isMarked = realm.hasCopy && at - markedAt - realm.stillBetween(markedAt, at) > seenAfter;
    const isStored = !this.faults.areBestEffort && at > signOut.resolvedAt;
    if (isMarked || isStored) this.fail(`restore of ${realm.name} brings back family ${number}, which was signed out`);
  }

  #served({ realm, at }, text) {
    const { server, plan, time, claim } = this.#world;
    realm.lastToken = text;
    const token = server.tokenOf(text);
    if (!token) return this.fail(`${realm.name} was given a token that nobody issued`);
    const { rotation, expiresAt } = token;
    // A client counts the life of a token from when it came.
    const until = expiresAt + (rotation.heardAt - rotation.at || 0) + EXPIRY;
    const areTrue = plan.tabs.every(({ skew }) => !skew) && !realm.hasStoodStill(at);
    if (areTrue && time.now > until) this.fail(`${realm.name} was given a token that has expired`);
    const since = rotation.at - claim;
    const mayBeUnstored = this.faults.ofStore(realm, since) || this.faults.ofOthers(realm, since);
    if (!rotation.storedAt && !isOver(rotation.family) && !realm.lacks.includes("indexedDB") && !mayBeUnstored) {
      this.fail(`${realm.name} was given a token before it was stored`);
    }
  }

  #presents(flight, text) {
    const { realm } = flight;
    const { server, network } = this.#world;
    const token = server.tokenOf(text);
    flight.presents = token;
    const isOfRealm = (other) => other.realm === realm && other.presents === token;
    if (realm.isPage && network.flights.some((other) => other.wasBroken && isOfRealm(other))) {
      this.fail(`${realm.name} is being left, and sends a token again`);
    }
    if (realm.resumes || this.faults.areBestEffort) return;
    const wrong = this.renewing.faultOf(flight);
    if (wrong) this.fail(`${realm.name} ${wrong}`);
    const isNext = ({ family, next, storedAt }) => family === token.family && next.index > token.index && storedAt;
    const { storedAt } = server.rotations.find(isNext) ?? {};
    if (storedAt && realm.awakeSince(storedAt) > A_SEND && !this.faults.haveWiped) {
      this.fail(`${realm.name} sends a token whose successor is stored`);
    }
    const rival = network.flights.find((other) => this.#isRival(other, flight));
    const mayDoWithout = [realm, rival?.realm].some((one) => this.faults.ofWriting(one, 0, this.#world.claim));
    if (rival && !mayDoWithout)
      this.fail(`${realm.name} sends the token that ${rival.realm.name} waits for an answer to`);
  }

  /** Whether that is another request with the same token, whose claim is in force. */
  #isRival(other, { presents }) {
    const { time, claim } = this.#world;
    const { isOver, sentAt, realm } = other;
    const isAwake = realm.isAlive && !realm.isLeaving && !realm.hasStoodStill(sentAt);
    return other.presents === presents && !isOver && time.now > sentAt && isAwake && time.now < sentAt + claim;
  }
}

function told(value, error) {
  if (error) return [error.name, error.code ?? error.message, error.reason].filter(Boolean).join(" ");
  return typeof value === "string" ? value : value === null ? "null" : typeof value;
}
