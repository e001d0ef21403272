// @ts-check
/**
 * Rows about reloading: how soon new code serves, whether anybody is refused meanwhile, what stays in memory.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../harness/client.js';
import { Generator } from '../harness/generator.js';
import { appSource, startOurs, withPort } from '../harness/servers.js';
import { median } from '../harness/stats.js';
import { pause } from './start.js';

const MIB = 1_048_576;

/** The default of `[reload] delay`, milliseconds. */
const DEBOUNCE_MS = 100;

const LINES = 1000;

/** Reloads over which memory is looked at. */
const SAMPLES = 40;

/** What a save still stirs up is over after this time, milliseconds. */
const REST_MS = 1000;

/** @typedef {Awaited<ReturnType<typeof startOurs>>} Ours */

/** @type {import('../types.js').Row[]} */
export const reloadRows = [
  {
    name: 'reload',
    work: `save of main.lua, ${LINES} lines, to new code serving`,
    measure: 'time less the debounce',
    unit: 'ms',
    target: { of: 'figure', atMost: 60 },
    async round(context) {
      return withApplication(context, '', async (server) => {
        await timeToServe(server, 2);
        await pause(REST_MS);
        return { ours: { figure: (await timeToServe(server, 3)) - DEBOUNCE_MS } };
      });
    },
  },
  {
    name: 'reload-load',
    work: 'reload under 200 connections a second',
    measure: 'refused or reset',
    unit: 'connections',
    target: { of: 'figure', atMost: 0 },
    maxRounds: 2,
    async round(context) {
      return withApplication(context, '', async (server) => {
        const failed = await failuresWhileReloading(server, context.quick ? 3000 : 8000);
        return { ours: { figure: failed } };
      });
    },
  },
  {
    name: 'reload-memory',
    work: '1,000 reloads',
    measure: 'memory growth after the first 300',
    unit: 'MiB',
    target: { of: 'figure', atMost: 10 },
    maxRounds: 1,
    async round(context) {
      // Until then V8's young generation becomes larger in steps, as with connections that come and go.
      const [warmUp, count] = context.quick ? [20, 50] : [300, 1000];
      return withApplication(context, '[reload]\ndelay=0\n', async (server) => {
        await reloads(server, 2, warmUp);
        const before = await usualMemory(server, 2 + warmUp);
        await reloads(server, 2 + warmUp + SAMPLES, count - SAMPLES);
        const after = await usualMemory(server, 2 + warmUp + count);
        return { ours: { figure: (after - before) / MIB } };
      });
    },
  },
];

/**
 * @template T
 * @param {import('../types.js').Context} context
 * @param {string} ini
 * @param {(server: Ours) => Promise<T>} use
 */
async function withApplication(context, ini, use) {
  const server = await startOurs({ context, pin: false, ini, files: { 'main.lua': version(1) } });
  try {
    await untilWatched(server);
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** It listens before it watches: saves again until a save is noticed. @param {Ours} server */
async function untilWatched(server) {
  for (let tries = 0; tries < 100; tries++) {
    save(server, version(0));
    await pause(50);
    // Its connection may be the one that the reload ends.
    if ((await ask(server.port, '?').catch(() => '')) === '0') return;
  }
  throw new Error('saving main.lua has no effect');
}

/** @param {Ours} server @param {number} number @returns milliseconds */
async function timeToServe(server, number) {
  const start = performance.now();
  save(server, version(number));
  await served(server, number);
  return performance.now() - start;
}

/** @param {Ours} server @param {number} first @param {number} count */
async function reloads(server, first, count) {
  for (let number = first; number < first + count; number++) await timeToServe(server, number);
}

/**
 * The median while reloading: a single look sees up to a dozen machines that the collector has yet to free, or none.
 * @param {Ours} server
 * @param {number} first version
 */
async function usualMemory(server, first) {
  const memory = [];
  for (let i = 0; i < SAMPLES; i++) {
    await timeToServe(server, first + i);
    memory.push(await server.memory());
  }
  return median(memory);
}

/** @param {Ours} server @param {number} number */
async function served(server, number) {
  const start = performance.now();
  while (performance.now() - start < 10_000) {
    const answer = await ask(server.port, '?').catch(() => '');
    if (answer === String(number)) return;
    await pause(2);
  }
  throw new Error(`version ${number} does not serve`);
}

/** @param {Ours} server @param {number} ms */
async function failuresWhileReloading(server, ms) {
  const generator = new Generator('connect.js', false);
  try {
    // Every answer has two bytes: a version of one digit and the end of the line.
    await generator.open('server', { port: server.port, size: 2, perSecond: 200 });
    const load = generator.run('server', ms);
    const reload = async () => {
      for (let number = 1; number * 400 < ms; number++) {
        save(server, version(number % 10));
        await pause(400);
      }
    };
    const [{ failures }] = await Promise.all([load, reload()]);
    return (failures['ECONNREFUSED'] ?? 0) + (failures['ECONNRESET'] ?? 0);
  } finally {
    generator.close();
  }
}

/** A new file takes the place of the old one, so that nobody sees half of it. @param {Ours} server @param {string} text */
function save(server, text) {
  const file = join(server.folder, '..', 'new.lua');
  writeFileSync(file, withPort(text, server.port));
  renameSync(file, join(server.folder, 'main.lua'));
}

/** A script of a thousand lines. @param {number} number */
function version(number) {
  const functions = Array.from(
    { length: LINES / 5 },
    (_, i) =>
      `function step${i}(a, b)\n  local t = { a, b, n = ${i} }\n  if a > b then t.n = a end\n  return t\nend\n`,
  );
  return `VERSION = ${number}\n${functions.join('')}${appSource('version')}`;
}
