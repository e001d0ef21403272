// @ts-check
/**
 * Latencies of one run. Recording costs a store; sorting happens after the run.
 */
const MOST = 2_000_000;

export class Latencies {
  #values;
  #count = 0;

  /** @param {number} most what is recorded beyond it does not count */
  constructor(most = MOST) {
    this.#values = new Float32Array(most);
  }

  clear() {
    this.#count = 0;
  }

  /** @param {number} since of `performance.now()` */
  record(since) {
    if (this.#count < this.#values.length) this.#values[this.#count++] = performance.now() - since;
  }

  /** Microseconds. */
  percentiles() {
    const sorted = this.#values.subarray(0, this.#count).sort();
    const at = (/** @type {number} */ part) => (sorted[Math.floor(this.#count * part)] ?? 0) * 1000;
    return { p50: at(0.5), p99: at(0.99), max: (sorted.at(-1) ?? 0) * 1000 };
  }
}
