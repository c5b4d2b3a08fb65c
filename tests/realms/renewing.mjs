/** Of an access token's life: in this part of it nobody renews it but by request. */
const YOUTH = 0.8;

/** What a service worker is for: it renews what pages ask it for, and what it has said to a page that page does not send. */
export class Renewing {
  #world;

  constructor(world) {
    this.#world = world;
  }

  /** What is wrong with sending the token, if anything is. */
  faultOf({ realm, presents: token }) {
    const { serviceWorker, register } = this.#world;
    const renewing = register.renewedWith(token);
    if (!serviceWorker || !renewing) return undefined;
    if (realm.tab === serviceWorker.tab) {
      if (!serviceWorker.asked.has(renewing) && this.#isYoung(token)) return "renews what nobody has asked it for";
      return undefined;
    }
    const askedAt = serviceWorker.acknowledged(realm, renewing);
    if (askedAt !== undefined && !this.#hadReason(token, askedAt)) return "sends a token that its worker was to send";
    if (realm.isPage && !realm.asked.has(renewing) && !this.#mayBeUnasked(realm, token)) {
      return "sends a token, and has not asked its worker to";
    }
  }

  #isYoung({ rotation }) {
    const { time, plan } = this.#world;
    return time.now < rotation.at + YOUTH * plan.lifetime * 1000;
  }

  /**
   * A page notes a 401 of its own in what it stores. Whoever cannot read or claim does without the lock, too; who waits for the
   * lock to renew a generation, and has the next one meanwhile, waits on for that.
   */
  #mayBeUnasked(realm, { rotation }) {
    const { checks, claim } = this.#world;
    const { faults } = checks;
    if (realm.awakeSince(realm.askedAt) < claim) return true;
    return realm.hasFetched || faults.ofStore(realm, rotation.at) || faults.wereMissing(rotation.at);
  }

  /**
   * Whether a worker that lives may have been in no position to renew it. One that has just started waits out a pause after a
   * failure, or after the token was spent, though others know that it is over.
   */
  #hadReason({ rotation, usedAt }, askedAt) {
    const { checks, serviceWorker, plan, realms } = this.#world;
    const { faults } = checks;
    const stoodStill = realms.some((realm) => realm.hasStoodStill(askedAt));
    const { realm } = serviceWorker.tab;
    return (
      stoodStill ||
      usedAt < askedAt ||
      plan.hasReplicas ||
      faults.ofNetwork(rotation.at) ||
      faults.ofStore(realm, askedAt) ||
      faults.haveWiped
    );
  }
}
