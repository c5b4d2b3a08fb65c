/** How many tests have passed, failed and were skipped, by what their runners print. */
export class Counts {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  add([passed, failed, skipped = 0]) {
    this.#passed += passed;
    this.#failed += failed;
    this.#skipped += skipped;
  }

  /** Adds what the closing lines of cargo's, of Node's and of our own runners say; false if no test has passed. */
  addLines(output) {
    const cargo = output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm);
    const ours = output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm);
    const node = output.matchAll(/^ℹ pass (\d+)\nℹ fail (\d+)\nℹ cancelled (\d+)\nℹ skipped (\d+)$/gm);
    const all = [...cargo, ...ours, ...node].map(([, ...numbers]) => numbers.map(Number));
    for (const numbers of all) {
      const [passed, failed, ...others] = numbers;
      const [cancelled, skipped] = [others.length > 1 ? others[0] : 0, others.at(-1)];
      this.add([passed, failed + cancelled, skipped]);
    }
    return all.some(([passed]) => passed > 0);
  }

  toString() {
    return `${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`;
  }
}
