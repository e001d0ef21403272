// @ts-check
/**
 * Latencies of one run. Recording costs a store; sorting happens after the run.
 */
const MOST = 2_000_000;

export class Latencies {
  #values = new Float32Array(MOST);
  #count = 0;

  clear() {
    this.#count = 0;
  }

  /** @param {number} since of `performance.now()` */
  record(since) {
    if (this.#count < MOST) this.#values[this.#count++] = performance.now() - since;
  }

  /** Microseconds. */
  percentiles() {
    const sorted = this.#values.subarray(0, this.#count).sort();
    const at = (/** @type {number} */ part) => (sorted[Math.floor(this.#count * part)] ?? 0) * 1000;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
