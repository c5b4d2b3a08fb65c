/** Random numbers that a seed decides (mulberry32). */
export class Dice {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1, which it never is. */
  roll() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(part) {
    return this.roll() < part;
  }

  between(least, most) {
    return least + this.roll() * (most - least);
  }

  /** A whole number below `count`. */
  below(count) {
    return Math.floor(this.roll() * count);
  }

  pick(list) {
    return list[this.below(list.length)];
  }
}
