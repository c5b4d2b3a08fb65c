import { restore, track } from "./users.mjs";

/** Milliseconds until what one page has written into localStorage is seen in another. */
const SEEN = 250;
/** Milliseconds that a call may take beyond its bound: timers of a page in the background. */
const LEEWAY = 4_000;

export class Violation extends Error {}

/** What must hold, whatever happens. */
export class Checks {
  #calls = new Set();
  violation;

  constructor(world) {
    this.world = world;
  }

  fail(text) {
    this.world.log("VIOLATION:", text);
    this.violation ??= text;
  }

  // Calls.

  begin(realm, name, { connection, user } = {}) {
    const { time, register, server } = this.world;
    const call = { realm, name, user, at: time.now, changedAt: register.changedAt, family: register.family };
    if (connection) call.of = familyOf(server, connection);
    if (name === "signout" && call.of) this.#signOutBegins(call);
    if (name === "resume") realm.resumes = (realm.resumes ?? 0) + 1;
    this.#calls.add(call);
    this.world.log(realm.name, "calls", name);
    return call;
  }

  end(call, { value, error }) {
    const { realm, name } = call;
    this.#calls.delete(call);
    if (!realm.isAlive) return;
    this.world.log(realm.name, name, "comes to", told(value, error));
    if (name === "resume") realm.resumes--;
    const took = this.#awake(realm, call.at);
    if (took > this.#bound) this.fail(`${name} of ${realm.name} took ${took.toFixed()} ms`);
    const isPlatforms = name === "fetch" && error instanceof TypeError;
    if (error && error.name !== "MeshyError" && !isPlatforms) this.fail(`${name} of ${realm.name} rejects with ${error}`);
    if (name === "restore" && !error) this.#restored(call, value);
    if (name === "token" && value) this.#served(call, value);
    if (name === "signout" && !error) this.#signedOut(call);
  }

  #signOutBegins({ realm, of: family }) {
    const { time } = this.world;
    family.signOut ??= { at: time.now, realm };
    if (realm.isPage && !realm.hasNo("localStorage")) family.signOut.markedAt ??= time.now;
  }

  #signedOut({ of: family, realm }) {
    if (!family) return;
    family.signOut.resolvedAt ??= this.world.time.now;
    const { register } = this.world;
    if (!realm.hasNo("indexedDB") && register.stored === family) {
      this.fail(`signout of ${realm.name} has come to its end, and its session is stored`);
    }
  }

  #restored({ realm, at, changedAt, family }, connection) {
    const { register, server } = this.world;
    if (!connection) {
      const isSame = register.changedAt === changedAt && register.family === family;
      const knows = !this.#isBestEffort() && !family?.isRevoked && !family?.signOut;
      if (family && isSame && knows) this.fail(`restore of ${realm.name} finds nothing, where a session is stored`);
      return;
    }
    const { signOut, replacedAt } = familyOf(server, connection) ?? {};
    if (!signOut) return;
    const { markedAt, resolvedAt } = signOut;
    const sees = realm.isPage && !realm.hasNo("localStorage");
    const delay = signOut.realm.tab === realm.tab ? 0 : SEEN;
    const marked = sees ? markedAt + delay || Infinity : Infinity;
    const resolved = this.#isBestEffort() ? Infinity : (resolvedAt ?? Infinity);
    if (at > Math.min(marked, resolved)) {
      this.fail(`restore of ${realm.name} brings back the session of family ${familyOf(server, connection).number}, which was signed out`);
    }
  }

  #served({ realm, at }, text) {
    const { server, plan, time } = this.world;
    realm.lastToken = text;
    const token = server.tokenOf(text);
    if (!token) return this.fail(`${realm.name} was given a token that nobody issued`);
    const isTrue = plan.tabs.every(({ skew }) => !skew) && !realm.stops.some(({ until }) => until >= at);
    const rotation = server.rotations.find(({ next }) => next.text.slice(8) === text.slice(7));
    // Its life is counted from when its answer came.
    const until = token.expiresAt + (rotation.heardAt - rotation.at || 0);
    if (isTrue && time.now > until + 500) this.fail(`${realm.name} was given a token that has expired`);
    const isUnstored = !rotation.storedAt && !realm.hasNo("indexedDB");
    const since = rotation.at - this.world.claim;
    if (isUnstored && !this.#wasUnwritable(realm, since) && !isOver(rotation.family)) {
      this.fail(`${realm.name} was given a token before it was stored`);
    }
  }

  // Requests.

  sent(flight) {
    const { form, realm, url, headers } = flight;
    const { tokenEndpoint, apiUrl } = this.world;
    const token = form.get("refresh_token");
    const isAgain = this.world.network.flights.some((other) => other.isLeft && other.realm === realm && other.form.get("refresh_token") === token);
    if (realm.isPage && token && isAgain) this.fail(`${realm.name} is being left, and sends a token again`);
    this.world.log(realm.name, "sends", form.get("grant_type") ?? url, form.get("refresh_token") ?? "");
    if (headers.has("authorization") && !url.startsWith(`${apiUrl}/`)) this.fail(`the access token went to ${url}`);
    if (url === tokenEndpoint && form.get("refresh_token")) this.#presented(flight);
  }

  #presented(flight) {
    const { realm, form } = flight;
    const { server, time, network, claim } = this.world;
    const token = server.tokenOf(form.get("refresh_token"));
    flight.presents = token;
    if (realm.resumes || realm.hasNo("indexedDB") || this.#isBestEffort(realm)) return;
    const isNext = ({ family, next, storedAt }) => family === token.family && next.index > token.index && storedAt;
    const { storedAt } = server.rotations.find(isNext) ?? {};
    if (storedAt && this.#awake(realm, storedAt) > 1_500 && !this.#wasWiped(0)) {
      this.fail(`${realm.name} sends a token whose successor is stored`);
    }
    const isRival = (other) => {
      const { isOver, sentAt, presents } = other;
      const isAwake = other.realm.isAlive && !other.realm.isLeaving && !stoodStill(other.realm, sentAt);
      return other !== flight && presents === token && !isOver && isAwake && time.now < sentAt + claim;
    };
    const rival = network.flights.find(isRival);
    if (rival && !this.#wasUnwritable(realm, 0, claim) && !this.#wasUnwritable(rival.realm, 0, claim)) {
      this.fail(`${realm.name} sends the token that ${rival.realm.name} waits for an answer to`);
    }
  }

  looked() {}

  // The end.

  /** What holds when nothing goes on any more: each call was settled, everybody knows the same, and whoever comes is signed in. */
  async rest(ms) {
    const { time, realms, locks } = this.world;
    for (const realm of realms) {
      realm.isDone = true;
      if (realm.isAlive) time.later(0, () => {}, realm);
    }
    await time.run(time.now + ms);
    for (const { realm, name } of this.#calls) if (realm.isAlive) this.fail(`${name} of ${realm.name} is never settled`);
    for (const wish of locks.held) if (!wish.isOrphan) this.fail(`${wish.realm.name} keeps a lock`);
    const before = time.steps;
    await time.run(time.now + 60_000);
    if (time.steps - before > 20) this.fail(`nothing is to be done, and ${time.steps - before} steps are taken`);
    for (const { kind, isAlive, name } of realms) if (isAlive && kind === "process") this.fail(`${name} does not end`);
    this.#checkHearing();
    await this.#agree();
    await this.#checkVisitor();
    this.#checkLives();
    this.#checkRevocations();
    this.#checkCopies();
  }

  async #agree() {
    const { time, realms, register, server } = this.world;
    const living = realms.filter(({ isAlive, client }) => isAlive && client);
    for (const realm of living) restore(realm);
    await time.run(time.now + 30_000);
    for (const realm of living) {
      const { connection, storage, error } = realm.client.getSnapshot();
      const isNone = realm.hasNo("indexedDB") && realm.hasNo("localStorage");
      if (storage !== (isNone ? "none" : "ok")) this.fail(`the storage of ${realm.name} is ${storage} in the end`);
      if (connection?.getSnapshot().state === "refreshing") this.fail(`${realm.name} is refreshing in the end`);
      const family = connection && familyOf(server, connection);
      if (this.#isAlone(realm)) continue;
      if ((family ?? undefined) !== register.family && !register.family?.isRevoked) {
        this.fail(`${realm.name} has ${family?.user ?? "nobody"}, and ${register.family?.user ?? "nobody"} is stored (${error})`);
      }
    }
  }

  /** A page that was told of a sign-out elsewhere shows it. */
  #checkHearing() {
    const { server, realms } = this.world;
    for (const realm of realms) {
      if (!realm.isAlive || !realm.client || this.#isBestEffort() || this.#wasWiped(0)) continue;
      const { connection } = realm.client.getSnapshot();
      const { signOut } = (connection && familyOf(server, connection)) ?? {};
      const both = (sees) => signOut && sees(realm) && sees(signOut.realm);
      const hears = realm.kind === "process" || both((one) => !one.hasNo("BroadcastChannel")) || both((one) => one.isPage && !one.hasNo("localStorage"));
      if (hears && signOut?.resolvedAt && !this.#wasUnwritable(realm, signOut.at) && !this.world.hadFaults(["reads"], realm, signOut.at)) {
        this.fail(`${realm.name} shows a session that was signed out`);
      }
    }
  }

  /** Whoever comes next has the session, and goes on with it. */
  async #checkVisitor() {
    const { world } = this;
    const { time, register, plan } = world;
    if (this.#isBestEffort()) return;
    const [{ kind }] = plan.tabs;
    const tab = { number: 99, kind, lacks: [], skew: 0, visits: 0 };
    const { family } = register;
    world.visit(tab);
    await time.run(time.now + 10_000);
    const { realm } = tab;
    if (!realm.client) return;
    const mine = realm.connection && familyOf(world.server, realm.connection);
    if (family && !family.isRevoked && mine !== family) this.fail(`the next page has not the session that is stored`);
    if (!family && mine?.number < world.families) this.fail("the next page has a session that is not stored");
    await time.run(time.now + plan.lifetime * 1000 + 1_000);
    if (!family || family.isRevoked || !world.server.accepts(JSON.parse(register.text).refresh_token)) return;
    const token = await this.#settled(track(realm, "token", () => realm.connection.getAccessToken(), { connection: realm.connection }));
    if (!token) this.fail("the next page cannot go on with the session that is stored");
  }

  async #settled(promise) {
    const { time } = this.world;
    let value;
    promise.then((settled) => {
      value = settled;
    });
    await time.run(time.now + 40_000);
    return value;
  }

  /** What was signed out is revoked, if the server could be asked. */
  #checkRevocations() {
    const { server, plan } = this.world;
    for (const { signOut, isRevoked, number } of server.families) {
      const isFaulty = signOut && (this.world.hadFaults(Object.keys(NETWORK), undefined, signOut.at) || this.#wasUnwritable(signOut.realm, 0) || this.#wasWiped(0));
      const isGone = signOut && !signOut.resolvedAt && !signOut.realm.isPage;
      if (signOut && !isRevoked && !isFaulty && !isGone && !plan.tabs.some(({ kind }) => kind === "worker") && !this.#isBestEffort()) {
        this.fail(`the session of family ${number} was signed out, and is not revoked`);
      }
    }
  }

  #checkLives() {
    for (const family of this.world.server.families) this.#checkLife(family);
  }

  #checkLife(family) {
    const { register, server } = this.world;
    const rotations = server.rotations.filter((rotation) => rotation.family === family);
    const isStored = register.stored === family;
    if (this.#isBestEffort() || isOver(family) || this.#wasWiped(0) || !rotations.some(({ storedAt }) => storedAt)) return;
    const { refresh_token: token } = (isStored && JSON.parse(register.text)) || {};
    if (server.accepts(token)) return;
    if (rotations.some((rotation) => this.#isLost(rotation))) return;
    const why = family.revokedBy?.reuse ? "its tokens were reused" : "nobody has it any more";
    this.fail(`the session of family ${family.number} is lost: ${why}`);
  }

  /** Whether what this rotation gave never got into the store, for a reason that a session may die of. */
  #isLost({ storedAt, heardAt, realm, at, isTwice }) {
    const { plan, claim } = this.world;
    const isStrict = plan.window < 0;
    if (storedAt && storedAt < at + claim && !isTwice) return false;
    const isGone = realm.diedAt >= at && !(realm.hasWaited && realm.diedAt >= at);
    const wasFrozen = realm.stops.some(({ from, until }) => until > at && until - Math.max(from, at) > 500);
    const couldNotStore = this.#wasUnwritable(realm, at, claim * 0.5);
    const couldNotAsk = this.world.hadFaults(Object.keys(NETWORK), undefined, at + 8_000);
    if (isTwice || isGone || wasFrozen || couldNotStore || this.#isBestEffort(realm)) return true;
    return !heardAt && (isStrict || couldNotAsk);
  }

  #checkCopies() {
    const { localStorages, register, realms } = this.world;
    const { key, text } = register;
    const readers = realms.filter((realm) => realm.isAlive && realm.isPage && !realm.hasNo("localStorage") && realm.client);
    if (!readers.length || this.#isBestEffort()) return;
    if (localStorages.values.has(`${key}:ended`)) this.fail("a mark is left in localStorage");
    const copy = localStorages.values.get(key);
    if (copy && JSON.parse(text ?? "{}").ended) this.fail("what was signed out is left in localStorage");
  }

  // What happened.

  get #bound() {
    const { timeout } = this.world.plan;
    return 2 * timeout + 3_000 + LEEWAY;
  }

  /** Milliseconds since then in which the realm did not stand still. */
  #awake(realm, since) {
    const { now } = this.world.time;
    const still = realm.stops.map(({ from, until }) => Math.max(0, Math.min(until, now) - Math.max(from, since)));
    return now - since - still.reduce((sum, ms) => sum + ms, 0);
  }

  #wasUnwritable(realm, since, longest = 0) {
    return this.world.hadFaults(["silence", "transactions", "writes"], realm, since, longest);
  }

  #wasWiped(since) {
    return this.world.register.wipedAt >= since;
  }

  /** Whether pages without IndexedDB take part. */
  #isBestEffort() {
    return this.world.tabs.some(({ lacks }) => lacks.includes("indexedDB"));
  }

  /** Whether it keeps its session where no other looks. */
  #isAlone(realm) {
    return realm.hasNo("indexedDB") || this.#isBestEffort();
  }
}

const NETWORK = {
  "network away": true,
  "network lost": true,
  "network gateway": true,
  "network busy": true,
  "network slow": true,
  "network cut": true,
};

function familyOf(server, connection) {
  const snapshot = connection.getSnapshot();
  if (snapshot.state === "ended") return undefined;
  return server.familyOf(connection.retrievePersistanceToken());
}

function isOver({ signOut, replacedAt, revokedBy }) {
  return Boolean(signOut || replacedAt || (revokedBy && !revokedBy.reuse));
}

function stoodStill(realm, since) {
  return realm.stops.some(({ until }) => until > since);
}

function told(value, error) {
  if (error) return `${error.name} ${error.code ?? error.message} ${error.reason ?? ""}`;
  return typeof value === "string" ? value : value === null ? "null" : typeof value;
}
