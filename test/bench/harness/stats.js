// @ts-check
/** Medians and percentiles. */

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * The median of those that there are.
 * @param {readonly (number | undefined)[]} values
 * @returns {number | undefined}
 */
export function medianOf(values) {
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : median(present);
}
