// @ts-check
/**
 * What the main thread and the watchdog's thread share: 24 bytes.
 *
 * Plain JavaScript, like worker.js: a worker thread loads files as they are, also out of the source tree.
 */

/** Int32: counts up at the beginning and at the end of every entry into a script. Odd: one is running. */
export const SEQUENCE = 0;

/** Int32: the SEQUENCE of the last entry that was seen running twice. */
export const SEEN = 1;

/** Float64: when that entry was first seen, by `monotonic`. */
export const SEEN_SINCE = 1;

/** Int32: the watchdog sleeps on it; 1 ends it. */
export const CLOSING = 4;

export const BYTES = 24;

/** Milliseconds on the one clock that all threads read alike. `performance.now()` begins anew in each. */
export function monotonic() {
  return Number(process.hrtime.bigint()) / 1e6;
}
