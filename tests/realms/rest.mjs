import { familyOf, isOver } from "./families.mjs";
import { restore, token } from "./users.mjs";

/** Milliseconds after which nothing goes on by itself any more. */
const REST = 150_000;
/** Milliseconds in which a call comes to its end, a lock that the platform has forgotten included. */
const A_CALL = 40_000;
/** Milliseconds, and the steps that may be taken in them where nothing is to be done. */
const QUIET = 60_000;
const FEW_STEPS = 20;
/** Milliseconds after a lost answer in which the network has to be back for one more send within `reuseWindow`. */
const BACK_AGAIN = 8_000;

/** Milliseconds in which a request arrives, if it does. */
const A_WAY = 50;
/** Of a claim's time: what lasts for longer may keep an answer from being stored before another holder sends. */
const A_PART = 0.5;

/** What holds when nothing goes on any more: each call was settled, everybody knows the same, and whoever comes has the session. */
export class Rest {
  #world;
  #checks;

  constructor(world) {
    this.#world = world;
    this.#checks = world.checks;
  }

  async check() {
    const { time, realms } = this.#world;
    for (const realm of realms) realm.finish();
    await time.run(time.now + REST);
    this.#checkSettled();
    const before = time.steps;
    await time.run(time.now + QUIET);
    const steps = time.steps - before;
    if (steps > FEW_STEPS) this.#fail(`nothing is to be done, and ${steps} steps are taken`);
    for (const realm of this.#pages) this.#checkHearing(realm);
    await this.#checkAgreement();
    await this.#checkVisitor();
    for (const family of this.#world.server.families) {
      this.#checkLife(family);
      this.#checkRevocation(family);
    }
    this.#checkCopy();
  }

  get #pages() {
    return this.#world.realms.filter(({ isAlive, client }) => isAlive && client);
  }

  get #faults() {
    return this.#checks.faults;
  }

  #fail(text) {
    this.#checks.fail(text);
  }

  #checkSettled() {
    const { realms, locks } = this.#world;
    for (const { realm, name } of this.#checks.calls) {
      if (realm.isAlive) this.#fail(`${name} of ${realm.name} is never settled`);
    }
    if (this.#world.serviceWorker?.isRunning) this.#fail("the service worker never rests");
    for (const { realm, isOrphan } of locks.held) if (!isOrphan) this.#fail(`${realm.name} keeps a lock`);
    for (const { kind, isAlive, name } of realms) if (isAlive && kind === "process") this.#fail(`${name} does not end`);
  }

  /** Who can hear of a sign-out elsewhere shows it. */
  #checkHearing(realm) {
    const { connection } = realm.client.getSnapshot();
    const { signOut } = (connection && familyOf(this.#world.server, connection)) ?? {};
    if (!signOut?.resolvedAt || this.#faults.areBestEffort || this.#faults.haveWiped) return;
    const hears = !realm.lacks.includes("BroadcastChannel") || (realm.hasCopy && signOut.realm.hasCopy);
    if (hears && !this.#faults.ofStore(realm, signOut.at))
      this.#fail(`${realm.name} shows a session that was signed out`);
  }

  async #checkAgreement() {
    const { time } = this.#world;
    for (const realm of this.#pages) restore(realm);
    await time.run(time.now + A_CALL);
    for (const realm of this.#pages) this.#checkSnapshot(realm);
  }

  #checkSnapshot(realm) {
    const { server, register } = this.#world;
    const snapshot = realm.client.getSnapshot();
    const { connection, storage } = snapshot;
    if (realm.shown !== snapshot) this.#fail(`the listener of ${realm.name} was not told of the last change`);
    const hasNone = ["indexedDB", "localStorage"].every((name) => realm.lacks.includes(name));
    if (storage !== (hasNone ? "none" : "ok")) this.#fail(`the storage of ${realm.name} is ${storage} in the end`);
    if (connection?.getSnapshot().state === "refreshing") this.#fail(`${realm.name} is refreshing in the end`);
    // A mark is seen where localStorage is.
    const known = realm.hasCopy ? register.family : register.stored;
    if (this.#faults.areBestEffort || known?.isRevoked) return;
    const isStale = (handle) =>
      connection && familyOf(server, handle) === known && handle.getSnapshot() !== connection.getSnapshot();
    if (realm.handles.some(isStale)) this.#fail(`a handle of ${realm.name} is not at the session's last generation`);
    const family = connection ? familyOf(server, connection) : undefined;
    const [has, stored] = [family, known].map((one) => (one ? `family ${one.number}` : "nothing"));
    if (family !== known) this.#fail(`${realm.name} has ${has}, and ${stored} is stored`);
    const { generation } = connection?.getSnapshot() ?? {};
    const { gen } = JSON.parse(register.text ?? "{}");
    if (family && generation !== gen) this.#fail(`${realm.name} is at generation ${generation}, and ${gen} is stored`);
  }

  /** Whoever comes next has the session, and goes on with it. */
  async #checkVisitor() {
    const world = this.#world;
    const { time, register, plan, server } = world;
    const { family } = register;
    if (this.#faults.areBestEffort || !family || family.isRevoked) return;
    const tab = { number: plan.tabs.length, kind: plan.tabs[0].kind, lacks: [], skew: 0, visits: 0 };
    world.visit(tab);
    await time.run(time.now + A_CALL);
    const { realm } = tab;
    const mine = realm.connection && familyOf(server, realm.connection);
    if (mine !== family) return this.#fail("the next page has not the session that is stored");
    await time.run(time.now + plan.lifetime * 1000 + 1_000);
    if (!server.accepts(JSON.parse(register.text).refresh_token)) return;
    let served;
    token(realm).then((text) => {
      served = text;
    });
    await time.run(time.now + A_CALL);
    if (!served) this.#fail("the next page cannot go on with the session that is stored");
  }

  #checkLife(family) {
    const { register, server } = this.#world;
    const rotations = server.rotations.filter((rotation) => rotation.family === family);
    const wasStored = rotations.some(({ storedAt }) => storedAt);
    if (this.#faults.areBestEffort || this.#faults.haveWiped || isOver(family) || !wasStored) return;
    const isStored = register.stored === family;
    if (isStored && server.accepts(JSON.parse(register.text).refresh_token)) return;
    if (rotations.some((rotation) => this.#isLost(rotation))) return;
    const why = family.revokedBy?.isReuse ? "its tokens were reused" : "nobody has it any more";
    this.#fail(`family ${family.number} is lost: ${why}`);
  }

  /** Whether what this rotation gave never got into the store in time, for a reason that a session may die of. */
  #isLost({ storedAt, heardAt, realm, at, isTwice }) {
    const { plan, claim } = this.#world;
    if (isTwice) return true;
    if (storedAt < at + claim) return false;
    const couldNotStore = this.#faults.ofWriting(realm, at, claim * A_PART);
    if (realm.stillBetween(at, at + claim) > claim * A_PART || couldNotStore) return true;
    // Who has waited for what was under way is gone with everything that came.
    if (realm.diedAt >= at && !realm.wasIdle) return !realm.hasWaited || this.#faults.ofNetwork(at);
    const isStrict = plan.window < 0;
    const isBroken = realm.stillBetween(at, at + claim) > 0 || this.#faults.ofNetwork(at, at + A_WAY);
    const isUnanswered = !heardAt && isBroken;
    return isUnanswered && (isStrict || this.#faults.ofNetwork(at + BACK_AGAIN));
  }

  /** What was signed out is revoked, if the server could be asked. */
  #checkRevocation({ signOut, isRevoked, number }) {
    if (!signOut || isRevoked || this.#faults.areBestEffort || this.#faults.haveWiped) return;
    const { realm, at, resolvedAt } = signOut;
    const isGone = !resolvedAt && !realm.hasCopy;
    if (isGone || this.#faults.ofNetwork(at) || this.#faults.ofStore(realm, 0) || this.#hasWorkers) return;
    this.#fail(`family ${number} was signed out, and is not revoked`);
  }

  /** What one of them has received meanwhile may be ended by whoever finds the mark. */
  get #hasWorkers() {
    return this.#world.plan.tabs.some(({ kind }) => kind === "worker");
  }

  #checkCopy() {
    const { localStorages, register } = this.#world;
    const { key, text } = register;
    if (this.#faults.areBestEffort || !this.#pages.some(({ hasCopy }) => hasCopy)) return;
    const { sid, ended: isEnded } = JSON.parse(text ?? "{}");
    if (localStorages.values.has(`${key}:${sid}`)) this.#fail("a mark is left in localStorage");
    if (isEnded && localStorages.values.has(key)) this.#fail("what was signed out is left in localStorage");
  }
}
