import { faultNames } from "../../dev/faults.mjs";

/** With these a token comes all the same. */
const harmless = ["delay", "bad_expires_in"];

/** With these nothing comes, or not all of it. */
const silent = ["lose_request", "offline", "hang", "lose_answer", "cut_body"];

/** What the server's log of token requests says, added up. */
export class Log {
  requests = 0;
  refreshed = 0;
  refused = 0;
  faults = new Map(faultNames.map((name) => [name, 0]));
  #tokens = new Map();

  add({ grant_type, fingerprint, fault, status }) {
    if (grant_type !== "refresh_token") return;
    this.requests += 1;
    if (fault) this.faults.set(fault, this.faults.get(fault) + 1);
    const isWhole = status !== null && (!fault || harmless.includes(fault));
    if (isWhole && status === 200) this.refreshed += 1;
    if (isWhole && status !== 200) this.refused += 1;
    const { presented, lost } = this.#tokens.get(fingerprint) ?? { presented: 0, lost: 0 };
    this.#tokens.set(fingerprint, { presented: presented + 1, lost: lost + !isWhole });
  }

  get met() {
    return [...this.faults.values()].reduce((sum, count) => sum + count);
  }

  /** How many requests it left without an answer. */
  get unanswered() {
    return silent.reduce((sum, name) => sum + this.faults.get(name), 0);
  }

  get tokens() {
    return this.#tokens.size;
  }

  /** How often one token was presented at most. */
  get most() {
    return Math.max(...[...this.#tokens.values()].map(({ presented }) => presented));
  }

  /** How many tokens were presented more often than once, and once more for each answer that was lost. */
  get squandered() {
    return [...this.#tokens.values()].filter(({ presented, lost }) => presented > 1 + lost).length;
  }
}
