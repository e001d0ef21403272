// @ts-check
/** A row's rounds, one after the other, and what they come to. */
import { quietMoment, shouldPin } from './quiet.js';
import { medianOf } from './stats.js';

/** @typedef {import('../types.js').Round} Round @typedef {import('../types.js').Side} Side */

/**
 * @typedef {Omit<import('../types.js').Context, 'pin'> & { pin?: boolean, patience: number }} Options pin: without it the
 *   machine decides; patience: how long each round may wait for a quiet moment, seconds
 */

const ROUNDS = 5;

/**
 * How many rounds a row is measured.
 * @param {import('../types.js').Row} row
 * @param {Pick<import('../options.js').Options, 'rounds' | 'quick'>} options
 */
export function roundsOf(row, { rounds, quick }) {
  return rounds ?? (quick ? ROUNDS : (row.usualRounds ?? ROUNDS));
}

/**
 * @param {import('../types.js').Row} row
 * @param {number} rounds
 * @param {Options} options
 * @returns {Promise<import('../types.js').Result>}
 */
export async function runRow(row, rounds, options) {
  const { name, work, measure, unit, target, reference = 'bare' } = row;
  const about = { name, work, measure, unit, target, reference };
  /** @type {Round[]} */
  const done = [];
  for (let i = 0; i < Math.min(rounds, row.maxRounds ?? rounds); i++) {
    const quiet = await quietMoment(options.patience);
    const round = await row.round({ ...options, pin: shouldPin(options.pin, quiet) });
    if ('skipped' in round) return { ...about, rounds: [], skipped: round.skipped };
    done.push(round);
  }
  return { ...about, ...summaryOf(done, target) };
}

/**
 * Medians; of the ratios, the median of those of each round.
 * @param {readonly Round[]} rounds at least one
 * @param {import('../types.js').Target} target
 */
export function summaryOf(rounds, target) {
  const ratio = medianOf(rounds.map((round) => round.ratio));
  const generatorBusy = medianOf(rounds.map((round) => round.generatorBusy));
  const disturbance = medianOf(rounds.map((round) => round.disturbance));
  const ours = sideOf(rounds.map((round) => round.ours)) ?? { figure: Number.NaN };
  const bare = sideOf(rounds.map((round) => round.bare));
  const peer = sideOf(rounds.map((round) => round.peer));
  return {
    rounds,
    ours,
    ...(bare && { bare }),
    ...(peer && { peer }),
    ...(generatorBusy !== undefined && { generatorBusy }),
    ...(disturbance !== undefined && { disturbance }),
    ...(ratio !== undefined && { ratio }),
    met: meets(target, target.of === 'ratio' ? ratio : ours.figure),
  };
}

/** @param {import('../types.js').Target} target @param {number | undefined} value */
function meets({ atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }, value) {
  return value !== undefined && value <= atMost && value >= atLeast;
}

/** @param {readonly (Side | undefined)[]} sides @returns {Side | undefined} */
function sideOf(sides) {
  const present = sides.filter((side) => side !== undefined);
  if (present.length === 0) return undefined;
  const keys = /** @type {(keyof Side)[]} */ (Object.keys(present[0] ?? {}));
  const medians = keys.map((key) => [key, medianOf(present.map((side) => side[key]))]);
  return /** @type {Side} */ (Object.fromEntries(medians));
}
