// @ts-check
/** The report as a table for people. */

import { QUIET } from './quiet.js';

/** @typedef {import('../types.js').Result} Result */

const HEAD = [
  'row',
  'ours',
  'bare',
  'ratio',
  'ours/s',
  'bare/s',
  'p50 µs',
  'p99 µs',
  'busy',
  'luv',
  'target',
  'met',
];

/** Columns that are text; figures stand at the right. */
const LEFT = new Set(['row', 'target', 'met']);

/** @param {import('../types.js').Report} report */
export function tableOf({ environment, results }) {
  const { date, cpu, cores, node, commit, lua } = environment;
  const lines = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  const padded = lines.map((line) =>
    line.map((cell, i) => pad(cell, widths[i] ?? 0, HEAD[i] ?? '')).join('  '),
  );
  padded.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return [
    `${date}  ${cpu}, ${cores} cores  Node ${node}  Lua ${lua}  ${commit}`,
    '',
    ...padded.map((line) => line.trimEnd()),
    '',
    'ours, bare: CPU per message where no other unit is shown, medians; ratio: median of the rounds.',
    ...noiseOf(results),
    'p50, p99: ours/bare. busy: part of one core used by the bare server/by the load generator that drives it.',
    '',
    ...results.map(
      ({ name, work, measure, reference }) => `${name.padEnd(14)} ${work}: ${measure}${than(reference)}`,
    ),
  ].join('\n');
}

/** @param {readonly Result[]} results */
function noiseOf(results) {
  const most = Math.max(0, ...results.map(({ disturbance = 0 }) => disturbance));
  return most < QUIET ? [] : [`rough figures: others used up to ${percent(most)} of a core meanwhile.`];
}

/** @param {string} reference */
function than(reference) {
  return reference === 'bare' ? '' : `; in place of bare: ${reference}`;
}

/** @param {Result} result */
function cellsOf(result) {
  const { name, unit, ours, bare, peer, ratio, generatorBusy, skipped } = result;
  if (skipped !== undefined)
    return [name, '', '', '', '', '', '', '', '', '', targetOf(result), `– ${skipped}`];
  return [
    name,
    withUnit(ours?.figure, unit),
    withUnit(bare?.figure, unit),
    ratio?.toFixed(2) ?? '',
    rate(ours?.throughput),
    rate(bare?.throughput),
    both(ours?.p50, bare?.p50, rate),
    both(ours?.p99, bare?.p99, rate),
    both(bare?.busy, generatorBusy, percent),
    peer && bare ? `${(peer.figure / bare.figure).toFixed(2)}` : '',
    targetOf(result),
    result.met ? 'yes' : 'NO',
  ];
}

/** @param {Result} result */
function targetOf({ target: { of, atMost, atLeast }, unit }) {
  const shown = of === 'ratio' ? '' : ` ${unit}`;
  return atMost === undefined ? `≥ ${atLeast}${shown}` : `≤ ${atMost}${shown}`;
}

/** @param {number | undefined} value @param {string} unit */
function withUnit(value, unit) {
  return value === undefined ? '' : `${short(value)} ${unit === '/s' ? '' : unit}`.trim();
}

/** Three significant digits, but whole numbers whole. @param {number} value */
function short(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** @param {number | undefined} value */
function rate(value) {
  return value === undefined ? '' : value.toFixed(0);
}

/** @param {number | undefined} value */
function percent(value) {
  return value === undefined ? '' : `${(value * 100).toFixed(0)}%`;
}

/** @param {number | undefined} a @param {number | undefined} b @param {(value?: number) => string} show */
function both(a, b, show) {
  return a === undefined && b === undefined ? '' : `${show(a)}/${show(b)}`;
}

/** @param {string} cell @param {number} width @param {string} column */
function pad(cell, width, column) {
  return LEFT.has(column) ? cell.padEnd(width) : cell.padStart(width);
}
