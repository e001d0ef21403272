// @ts-check
/**
 * Where the time of profiled processes goes: by origin, by function alone, by function with what it calls; of all
 * `.cpuprofile` files of a folder. Waiting and the loading of modules are left out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHOWN = 25;

/** Waiting is not work. */
const WAITING = new Set(['(idle)', '(root)']);

const LOADING = /internal\/modules\/|internal\/bootstrap\//;

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number }} Frame
 * @typedef {{ id: number, callFrame: Frame, children?: number[] }} Node
 * @typedef {{ nodes: Node[], samples: number[], timeDeltas: number[] }} Profile
 * @typedef {Map<string, number>} Times microseconds by name
 */

/** @param {string} folder @returns {string} */
export function topFunctions(folder) {
  const times = { origin: new Map(), self: new Map(), withCalled: new Map() };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile')))
    add(times, JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const total = [...times.origin.values()].reduce((sum, time) => sum + time, 0);
  return [
    ...shares('by origin', times.origin, total),
    ...shares('functions alone', times.self, total),
    ...shares('functions with what they call', times.withCalled, total),
  ].join('\n');
}

/** @param {string} title @param {Times} times @param {number} total */
function shares(title, times, total) {
  const most = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const lines = most.map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
  return [`\n${title}`, ...lines];
}

/** @param {{ origin: Times, self: Times, withCalled: Times }} times @param {Profile} profile */
function add(times, { nodes, samples, timeDeltas }) {
  const stacks = stacksOf(nodes);
  for (const [i, id] of samples.entries()) {
    const stack = stacks.get(id) ?? [];
    const [name = '?'] = stack;
    const time = timeDeltas[i] ?? 0;
    if (WAITING.has(name) || stack.some((frame) => LOADING.test(frame))) continue;
    count(times.origin, originOf(name), time);
    count(times.self, name, time);
    for (const frame of new Set(stack)) if (!WAITING.has(frame)) count(times.withCalled, frame, time);
  }
}

/** Names from a node up to the root. @param {Node[]} nodes @returns {Map<number, string[]>} */
function stacksOf(nodes) {
  /** @type {Map<number, string[]>} */
  const stacks = new Map();
  // A node comes before its children.
  for (const { id, callFrame, children = [] } of nodes) {
    const stack = [nameOf(callFrame), ...(stacks.get(id) ?? [])];
    stacks.set(id, stack);
    for (const child of children) stacks.set(child, stack);
  }
  return stacks;
}

/** @param {Times} times @param {string} name @param {number} time */
function count(times, name, time) {
  times.set(name, (times.get(name) ?? 0) + time);
}

/** @param {string} name */
function originOf(name) {
  if (/ {2}wasm/.test(name)) return 'Lua (WebAssembly)';
  if (/ {2}node:/.test(name)) return "Node's JavaScript";
  if (/ {2}\S+\.m?js:/.test(name)) return 'our JavaScript';
  return name.startsWith('(') ? name : 'native: system calls, built-ins';
}

/** @param {Frame} frame */
function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(dist|node_modules)\//, '').replace(/^wasm:.*/, 'wasm');
  const known = functionName.slice(0, 60);
  return place === '' ? known : `${known || '(anonymous)'}  ${place}:${lineNumber + 1}`;
}
