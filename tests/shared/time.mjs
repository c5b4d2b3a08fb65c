import { settled } from "./waiting.mjs";

/** Runs a test whose time is told to pass. */
export async function inTime(run) {
  const time = new Time();
  try {
    await run(time);
  } finally {
    time.restore();
  }
}

/** Both clocks and setTimeout stand still until time is told to pass. */
export class Time {
  #real = { setTimeout, clearTimeout, dateNow: Date.now, now: performance.now };
  #now = 0;
  #timers = new Map();
  #last = 0;

  constructor() {
    const wall = Date.now();
    const monotonic = performance.now();
    globalThis.setTimeout = (callback, ms = 0) => {
      this.#last += 1;
      this.#timers.set(this.#last, { at: this.#now + Math.max(ms, 1), callback });
      return this.#last;
    };
    globalThis.clearTimeout = (timer) => this.#timers.delete(timer) || this.#real.clearTimeout(timer);
    Date.now = () => wall + this.#now;
    performance.now = () => monotonic + this.#now;
  }

  restore() {
    const { dateNow, now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    Date.now = dateNow;
    performance.now = now;
  }

  /** Milliseconds that have passed. */
  get passed() {
    return this.#now;
  }

  /** Timers that have yet to ring. */
  get pending() {
    return this.#timers.size;
  }

  async pass(ms) {
    const end = this.#now + ms;
    while (await this.#ring(end));
    this.#now = end;
    await settled();
  }

  /** Lets as much time pass as a promise needs. */
  async settling(promise) {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await settled();
    while (!isSettled && (await this.#ring(Number.POSITIVE_INFINITY)));
    if (!isSettled) throw new Error("nothing is left that could settle it");
    return promise;
  }

  /** The next timer until then, with everything that follows from it. */
  async #ring(end) {
    await settled();
    const [[id, timer] = []] = [...this.#timers].sort(([, one], [, other]) => one.at - other.at);
    if (!timer || timer.at > end) return false;
    this.#timers.delete(id);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
    await settled();
    return true;
  }
}
