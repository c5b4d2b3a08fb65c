import { Channels } from "./channels.mjs";
import { Checks } from "./checks.mjs";
import { Database } from "./database.mjs";
import { Dice } from "./dice.mjs";
import { concerns } from "./faults.mjs";
import { LocalStorages } from "./local-storage.mjs";
import { Locks } from "./locks.mjs";
import { Network } from "./network.mjs";
import { Realm } from "./realm.mjs";
import { Register } from "./register.mjs";
import { Rest } from "./rest.mjs";
import { Server } from "./server.mjs";
import { SERVICE_WORKER, ServiceWorker } from "./service-worker.mjs";
import { SharedStore } from "./shared-store.mjs";
import { Time } from "./time.mjs";
import { open, perform } from "./users.mjs";

/** Plays a plan. */
export class World {
  tokenEndpoint = "https://auth.example/token";
  apiUrl = "https://api.example";
  realms = [];
  trace = [];

  constructor(plan, given) {
    this.plan = plan;
    this.package = given;
    this.dice = new Dice(plan.seed ^ 0xd1ce);
    this.time = new Time();
    this.server = new Server(this.time, plan);
    this.register = new Register(this);
    this.checks = new Checks(this);
    this.network = new Network(this);
    this.database = new Database(this, (...commit) => this.register.committed(...commit));
    this.localStorages = new LocalStorages(this, (...commit) => this.register.copied(...commit));
    this.sharedStore = new SharedStore(this, (...commit) => this.register.committed(...commit));
    this.locks = new Locks(this);
    this.channels = new Channels(this);
    this.serviceWorker = plan.serviceWorker && new ServiceWorker(this);
    this.tabs = plan.tabs.map((tab) => ({ ...tab, visits: 0 }));
  }

  /** A claim's time in milliseconds. */
  get claim() {
    return this.plan.timeout + 1_000;
  }

  log(...words) {
    this.trace.push(`${this.time.now.toFixed(1).padStart(10)}  ${words.join(" ")}`);
  }

  async play() {
    const { plan, time } = this;
    for (const tab of this.tabs) time.later(tab.at, () => this.visit(tab));
    for (const action of plan.actions) time.later(action.at, () => this.#act(action));
    for (const fault of plan.faults) time.later(fault.from, () => this.#strike(fault));
    await time.run(plan.length + this.claim * 2);
    await new Rest(this).check();
  }

  /** The next page of a tab, or the next process in its place. */
  visit(tab) {
    if (tab.realm?.isAlive) return;
    const name = `${tab.kind}${tab.number}.${++tab.visits}`;
    const realm = new Realm(this, { ...tab, name });
    realm.tab = tab;
    tab.realm = realm;
    this.realms.push(realm);
    this.log(name, "starts");
    open(realm);
  }

  ended(realm) {
    this.log(realm.name, "is gone");
  }

  /** The network's fault of the moment by its name; or the fault of that kind that concerns the realm. */
  faultOf(kind, realm) {
    const { now } = this.time;
    const { faults } = this.plan;
    if (now > this.plan.length) return undefined;
    const isNow = ({ from, until }) => now >= from && now < until;
    if (kind === "network") {
      return faults.find((fault) => fault.what.startsWith("network") && isNow(fault))?.what.split(" ")[1];
    }
    return faults.find((fault) => fault.what === kind && isNow(fault) && concerns(fault, realm));
  }

  #act(action) {
    const tab = this.#tabOf(action);
    const { realm } = tab;
    if (!realm?.isAlive) return this.visit(tab);
    // A person does nothing in a page that stands still.
    const run = () => perform(realm, action);
    this.time.later(0, run, realm);
  }

  /** Whom an action or a fault concerns. */
  #tabOf({ tab }) {
    return tab === SERVICE_WORKER ? this.serviceWorker?.tab : this.tabs.find(({ number }) => number === tab);
  }

  #strike(fault) {
    const { what, from, until } = fault;
    const { realm } = this.#tabOf(fault) ?? {};
    this.log("fault:", what, realm?.name ?? "", "until", until);
    if (what === "wipe") return this.#wipe();
    if (!realm?.isAlive) return;
    if (what === "kill") realm.end();
    if (what === "stop") realm.stop(until - from);
    if (what === "freeze") {
      realm.stop(until - from);
      const breakAll = () => {
        for (const flight of [...realm.flights]) flight.break();
      };
      this.time.later(0, breakAll, realm);
    }
    if (what === "cache") this.#cache(realm, until - from);
  }

  #cache(realm, ms) {
    if (!realm.isPage || realm.isLeaving || realm.flights.size || realm.pending.size) return;
    realm.isCached = true;
    realm.stop(ms);
    this.time.later(ms, () => {
      realm.isCached = false;
    });
    this.time.later(ms, () => realm.dispatch("pageshow", { persisted: true }), realm);
  }

  #wipe() {
    this.database.clear();
    this.localStorages.clear();
    this.sharedStore.clear();
  }
}
