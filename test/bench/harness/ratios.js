// @ts-check
/**
 * The recorded ratios, and whether a new measurement is worse. Ratios carry over to other machines, times do not: a
 * row that has no ratio is only held to its target.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { QUIET } from './quiet.js';

const FILE = new URL('../ratios.json', import.meta.url);

/** A ratio that is worse by more than this part is worse; less is noise. */
export const TOLERANCE = 0.15;

/**
 * Row → ratio, or whether its target was met where it has no ratio. One set for each engine.
 * @typedef {Record<string, Record<string, number | 'met' | 'not met'>>} Recorded
 */

/** @returns {Recorded} */
export function readRatios(file = FILE) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** Rows that were not run keep what was recorded. @param {import('../types.js').Report} report */
export function writeRatios({ environment, results }, file = FILE) {
  const recorded = readRatios(file);
  const rows = { ...recorded[environment.lua] };
  for (const result of results) if (result.skipped === undefined) rows[result.name] = entryOf(result);
  writeFileSync(file, `${JSON.stringify({ ...recorded, [environment.lua]: rows }, undefined, 2)}\n`);
}

/** @param {import('../types.js').Result} result */
function entryOf({ ratio, met }) {
  if (ratio !== undefined) return Number(ratio.toFixed(3));
  return met ? 'met' : 'not met';
}

/**
 * @param {import('../types.js').Result} result
 * @param {number | 'met' | 'not met' | undefined} recorded
 * @returns {string | undefined} what is worse than recorded
 */
export function worsening({ name, ratio, met, target, skipped, disturbance = 0 }, recorded) {
  if (skipped !== undefined || recorded === undefined) return undefined;
  if (typeof recorded !== 'number')
    return recorded === 'met' && !met ? `${name}: the target was met, and is not any more` : undefined;
  if (ratio === undefined) return `${name}: no ratio, ${recorded} is recorded`;
  const moreIsBetter = target.of === 'ratio' && target.atLeast !== undefined;
  const worse = moreIsBetter ? ratio < recorded / (1 + TOLERANCE) : ratio > recorded * (1 + TOLERANCE);
  const noise =
    disturbance < QUIET ? '' : ` (others used ${(disturbance * 100).toFixed(0)} % of a core meanwhile)`;
  const limit = `more than ${TOLERANCE * 100} % worse${noise}`;
  return worse ? `${name}: ratio ${ratio.toFixed(3)}, recorded ${recorded}: ${limit}` : undefined;
}
