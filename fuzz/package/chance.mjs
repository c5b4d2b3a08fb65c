/** Chance, from a seed (xorshift on 32 bits). */
export class Dice {
  #state;

  constructor(seed) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
    for (let round = 0; round < 4; round += 1) this.below(2);
  }

  below(sides) {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % sides;
  }

  one(percent) {
    return this.below(100) < percent;
  }

  pick(choices) {
    return choices[this.below(choices.length)];
  }
}
