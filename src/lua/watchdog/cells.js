// @ts-check
/**
 * What the main thread and the watchdog's thread share: 16 bytes.
 *
 * Plain JavaScript, like worker.js: a worker thread loads files as they are, also out of the source tree.
 */

/** Int32: counts up at the beginning and at the end of every entry into a script. Odd: one is running. */
export const SEQUENCE = 0;

/** Int32: the SEQUENCE of the last entry that was found running for longer than SLOW_MS. */
export const SLOW = 1;

/** Float64: when that entry was first seen, by `monotonic`. */
export const SLOW_SINCE = 1;

export const BYTES = 16;

/** An entry of more than this is warned of, milliseconds. */
export const SLOW_MS = 100;

/** Milliseconds on the one clock that all threads read alike. `performance.now()` begins anew in each. */
export function monotonic() {
  return Number(process.hrtime.bigint()) / 1e6;
}
