// @ts-check
/** Where the time of profiled processes goes: self time by function, of all `.cpuprofile` files of a folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = 30;

/** Waiting is not work. */
const NOT_WORK = new Set(['(idle)', '(root)']);

/** @param {string} folder @returns {string} */
export function topFunctions(folder) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile')))
    add(times, JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const shares = (/** @type {Map<string, number>} */ of) =>
    [...of]
      .sort(([, a], [, b]) => b - a)
      .slice(0, SHOWN)
      .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
  return [...shares(byOrigin(times)), '', ...shares(times)].join('\n');
}

/** @param {Map<string, number>} times @returns {Map<string, number>} */
function byOrigin(times) {
  const sums = new Map();
  for (const [name, time] of times) {
    const origin = originOf(name);
    sums.set(origin, (sums.get(origin) ?? 0) + time);
  }
  return sums;
}

/** @param {string} name */
function originOf(name) {
  if (/ {2}wasm:/.test(name)) return 'Lua (WebAssembly)';
  if (/ {2}node:/.test(name)) return "Node's JavaScript";
  if (/ {2}\S+\.m?js:/.test(name)) return 'our JavaScript';
  return name.startsWith('(') ? name : 'native: system calls, built-ins';
}

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number }} Frame
 * @param {Map<string, number>} times
 * @param {{ nodes: { id: number, callFrame: Frame }[], samples: number[], timeDeltas: number[] }} profile
 */
function add(times, { nodes, samples, timeDeltas }) {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    if (!NOT_WORK.has(name)) times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
}

/** @param {Frame} frame */
function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(dist|node_modules)\//, '');
  return place === '' ? functionName : `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}`;
}
