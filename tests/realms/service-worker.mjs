import { Realm } from "./realm.mjs";
import { clientOf } from "./users.mjs";

/** What its faults name where those of others name a tab's number. */
export const SERVICE_WORKER = "service worker";
/** Milliseconds that a page waits for it. */
const PATIENCE = 500;
/** Milliseconds by which a message is late, at most. */
const LATE = 3_000;

/** The service worker of an origin: a message starts it, `waitUntil` keeps it, and what is idle for a while is stopped. */
export class ServiceWorker {
  tab;
  /** What pages have asked for: a session and its generation. */
  asked = new Set();
  /** What it has said to whom in time. */
  #said = [];
  #starts = 0;
  #held = 0;
  #restsSince;
  #readyAt;

  constructor(world) {
    this.world = world;
    this.tab = { ...world.plan.serviceWorker, number: SERVICE_WORKER, kind: SERVICE_WORKER, skew: 0 };
  }

  get isRunning() {
    return Boolean(this.tab.realm?.isAlive);
  }

  /** What `navigator.serviceWorker` is in a page. */
  of(page) {
    const { time, dice } = this.world;
    const postMessage = (data, [port]) => this.#post(page, structuredClone(data), port);
    const found = () => (this.world.faultOf("worker missing") ? undefined : { active: { postMessage } });
    const getRegistration = () =>
      new Promise((resolve) => time.later(dice.between(0.2, 20), () => resolve(found()), page));
    return { getRegistration };
  }

  /** When that page asked for what was then said, by a worker that lives on, to be on its way or out of the question. */
  acknowledged(page, renewing) {
    const isIt = (said) => said.page === page && said.renewing === renewing && !said.realm.wasKilled;
    return this.#said.find(isIt)?.askedAt;
  }

  #post(page, data, port) {
    const { world } = this;
    const renewing = `${data.sessionId} ${data.generation}`;
    world.log(page.name, "asks its worker for the successor of", renewing);
    this.asked.add(renewing);
    page.asked.add(renewing);
    page.askedAt = world.time.now;
    const ask = { page, renewing, data, port, askedAt: world.time.now };
    this.#deliver(() => this.#arrive(ask));
  }

  /** Brings a message there, to a page or to where workers are started. */
  #deliver(run, realm) {
    const { world } = this;
    const { time, dice } = world;
    if (world.faultOf("worker lost") && dice.chance(0.5)) return;
    const late = world.faultOf("worker late") ? dice.between(0, LATE) : 0;
    time.later(late + dice.between(0.2, 15), run, realm);
  }

  #arrive(ask) {
    const { world } = this;
    if (world.faultOf("worker deaf")) return;
    if (world.faultOf("worker lies")) return this.#deliver(ask.port.deliver, ask.page);
    const realm = this.isRunning ? this.tab.realm : this.#start();
    this.#held++;
    world.time.later(Math.max(0, this.#readyAt - world.time.now), () => this.#dispatch(realm, ask), realm);
  }

  #start() {
    const { world, tab } = this;
    const { time, dice } = world;
    const realm = new Realm(world, { ...tab, name: `service.${++this.#starts}` });
    Object.assign(realm, { tab });
    tab.realm = realm;
    world.realms.push(realm);
    world.log(realm.name, "starts");
    this.#held = 0;
    this.#readyAt = time.now + dice.between(1, tab.startsIn);
    time.later(this.#readyAt - time.now, () => realm.package.keepRefreshing(clientOf(realm)), realm);
    return realm;
  }

  #dispatch(realm, { page, renewing, data, port, askedAt }) {
    const { time } = this.world;
    const acknowledged = () => {
      if (time.now < askedAt + PATIENCE) this.#said.push({ page, renewing, realm, askedAt });
      this.world.log(page.name, "hears of its worker");
      port.deliver();
    };
    const waitUntil = (promise) => {
      this.#held++;
      promise.then(() => this.#release(realm));
    };
    realm.dispatch("message", { data, ports: [{ postMessage: () => this.#deliver(acknowledged, page) }], waitUntil });
    this.#release(realm);
  }

  #release(realm) {
    if (!realm.isAlive || --this.#held > 0) return;
    const { time } = this.world;
    const { now } = time;
    this.#restsSince = now;
    const stop = () => {
      if (this.#held > 0 || this.#restsSince !== now) return;
      realm.wasIdle = true;
      realm.end();
    };
    time.later(this.tab.idle, stop, realm);
  }
}
