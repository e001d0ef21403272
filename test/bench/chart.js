// @ts-check
/**
 * Draws a report of `npm run bench -- --json` as a bar chart: node test/bench/chart.js REPORT.json docs/performance.svg
 *
 * Each bar is what ours does for the same CPU time, time or memory, in relation to the bare Node server: longer is
 * better, the line at 1 is the bare server, the mark is the target.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { QUIET } from './harness/quiet.js';

/** @typedef {import('./types.js').Result} Result */

const TITLE = 'cumulus-server in relation to the same service written in Node';
const WIDTH = 860;
const LEFT = 330;
const RIGHT = 60;
const TOP = 64;
const LINE = 30;
const BAR = 16;
const LUV = 5;

/** Bars that are longer are cut, and say so by their figure. */
const LONGEST = 4;

const COLOURS = {
  ours: '#2563eb',
  missed: '#d97706',
  luv: '#9ca3af',
  text: '#1f2937',
  faint: '#6b7280',
  line: '#111827',
};

/** @param {import('./types.js').Report} report @returns {string} SVG */
export function chartOf({ environment, results }) {
  const bars = results.filter(({ ratio, target }) => ratio !== undefined && target.of === 'ratio');
  const height = TOP + bars.length * LINE + 48;
  const { date, cpu, node, commit, lua } = environment;
  const about = `${date} · ${cpu} · Node ${node} · Lua ${lua} · ${commit}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>`,
    text(
      16,
      26,
      'cumulus-server in relation to the same service written in Node',
      COLOURS.text,
      'font-weight="bold"',
    ),
    text(
      16,
      46,
      'Work for the same CPU time, time or memory: longer is better. Line: bare Node. Mark: target.',
      COLOURS.faint,
    ),
    ...bars.map((result, i) => bar(result, TOP + i * LINE)),
    line(x(1), TOP - 4, height - 40, COLOURS.line),
    text(16, height - 16, `${about}${noiseOf(bars)}. Thin bar: luv with LuaJIT.`, COLOURS.faint),
    '</svg>',
    '',
  ].join('\n');
}

/** @param {Result} result @param {number} y */
function bar(result, y) {
  const value = gainOf(result, result.ratio ?? 1);
  const colour = result.met ? COLOURS.ours : COLOURS.missed;
  const parts = [
    text(LEFT - 10, y + BAR - 3, result.work, COLOURS.text, 'text-anchor="end"'),
    `<rect x="${LEFT}" y="${y}" width="${(x(value) - LEFT).toFixed(1)}" height="${BAR}" fill="${colour}"/>`,
    text(x(value) + 6, y + BAR - 3, value.toFixed(2), COLOURS.text),
    line(x(gainOf(result, targetOf(result))), y - 2, y + BAR + 2, COLOURS.faint),
  ];
  if (result.peer && result.bare) {
    const luv = gainOf(result, result.peer.figure / result.bare.figure);
    parts.push(
      `<rect x="${LEFT}" y="${y + BAR}" width="${(x(luv) - LEFT).toFixed(1)}" height="${LUV}" fill="${COLOURS.luv}"/>`,
    );
  }
  return parts.join('');
}

/** @param {readonly Result[]} bars */
function noiseOf(bars) {
  return bars.some(({ disturbance = 0 }) => disturbance >= QUIET)
    ? ' · rough: others used the machine, too'
    : '';
}

/** A ratio of costs turned round. @param {Result} result @param {number} ratio */
function gainOf({ target }, ratio) {
  return target.atLeast === undefined ? 1 / ratio : ratio;
}

/** @param {Result} result */
function targetOf({ target }) {
  return target.atMost ?? target.atLeast ?? 1;
}

/** @param {number} value */
function x(value) {
  return LEFT + (Math.min(value, LONGEST) / LONGEST) * (WIDTH - LEFT - RIGHT);
}

/** @param {number} at @param {number} from @param {number} to @param {string} colour */
function line(at, from, to, colour) {
  return `<line x1="${at.toFixed(1)}" y1="${from}" x2="${at.toFixed(1)}" y2="${to}" stroke="${colour}" stroke-width="1.5"/>`;
}

/** @param {number} at @param {number} y @param {string} content @param {string} colour @param {string} [more] */
function text(at, y, content, colour, more = '') {
  return `<text x="${at.toFixed(1)}" y="${y}" fill="${colour}" ${more}>${escaped(content)}</text>`;
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @param {readonly string[]} argv */
function main([report, output]) {
  if (report === undefined || output === undefined) {
    console.error('usage: node test/bench/chart.js REPORT.json OUTPUT.svg');
    process.exitCode = 78;
    return;
  }
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, chartOf(JSON.parse(readFileSync(report, 'utf8'))));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
