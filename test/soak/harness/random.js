// @ts-check
/** Random numbers that come again with the same seed (mulberry32). */

/** @typedef {() => number} Random from 0 to below 1 */

/** @param {number} seed @returns {Random} */
export function randomOf(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {Random} random @param {number} least @param {number} most @returns {number} an integer, both included */
export function integer(random, least, most) {
  return least + Math.floor(random() * (most - least + 1));
}

/** Small ones as often as large ones: each order of magnitude. @param {Random} random @param {number} most */
export function magnitude(random, most) {
  return Math.max(1, Math.round(most ** random()));
}

/** @template T @param {Random} random @param {readonly T[]} values not empty @returns {T} */
export function pick(random, values) {
  return /** @type {T} */ (values[Math.floor(random() * values.length)]);
}
