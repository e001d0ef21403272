// @ts-check
/** The level of a daemon at rest, and what two levels say. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../bench/harness/client.js';

const MIB = 1_048_576;

/** A daemon comes to rest within so much, milliseconds: closed connections linger for 10 s at most. */
const REST_MS = 30_000;
const LOOK_MS = 250;
/** Nothing has changed for so long: more than `[smtp] timeout`, which ends an idle session. */
const STILL_MS = 2500;

/** Work under way that ends by itself. */
const TRANSIENT = new Set(['Immediate', 'FSReqCallback', 'FSReqPromise', 'CloseReq', 'TickObject']);

/**
 * Growth that is none. V8's heap: caches and feedback for code that runs for the first time. The Lua machines' heaps
 * never shrink, so they stay at the peak of their applications, and a later peak may be higher, up to the
 * limit of those that are bombed; the same goes for resident memory, with the pages that the allocators keep.
 */
export const BOUNDS = { heap: 3 * MIB, arrayBuffers: 1 * MIB, external: 48 * MIB, rss: 96 * MIB, lua: 64 };

/** Objects may stay behind, over and ended, until the field that holds them gets another one. */
const LEFT_BEHIND = { Timeout: 20, Socket: 2 };

/** @typedef {import('../types.js').Level} Level @typedef {import('../types.js').Counts} Counts */

/**
 * @param {import('./daemon.js').Daemon} daemon
 * @param {number} statusPort of its root application
 * @param {readonly string[]} applications that run, without the root
 * @returns {Promise<Level>}
 */
export async function levelOf(daemon, statusPort, applications) {
  const lua = Object.fromEntries(
    (await ask(statusPort, applications.join(' '))).split(' ').map((part) => {
      const [name = '', size] = part.split('=');
      return [name, Number(size)];
    }),
  );
  await rested(daemon);
  const { classes, slots } = await daemon.objects();
  const { heap, external, arrayBuffers, rss, resources } = await daemon.inside();
  const counts = countsOf(resources);
  return {
    descriptors: daemon.descriptors(),
    resources: counts,
    objects: classes,
    slots,
    heap,
    external,
    arrayBuffers,
    rss,
    lua,
  };
}

/**
 * Waits until no connection is open, and for as long as the idle SMTP session is kept. It does not fail: what is left
 * shows in the level.
 * @param {import('./daemon.js').Daemon} daemon
 */
async function rested(daemon) {
  const until = performance.now() + REST_MS;
  let since = performance.now();
  let before = -1;
  while (performance.now() < Math.min(until, since + STILL_MS)) {
    await sleep(LOOK_MS);
    const { TCPSocketWrap = 0, Timeout = 0 } = countsOf(await daemon.resources());
    const open = (daemon.descriptors()['socket'] ?? TCPSocketWrap) * 1000 + Timeout;
    if (TCPSocketWrap > 0 || open !== before) since = performance.now();
    before = open;
  }
}

/** @param {readonly string[]} names @returns {Record<string, number>} */
function countsOf(names) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const name of names) if (!TRANSIENT.has(name)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/**
 * @param {Level} before
 * @param {Level} after
 * @returns {string[]} what has grown, in words
 */
export function growthOf(before, after) {
  return [
    ...grown('file descriptors', before.descriptors, after.descriptors),
    ...grown('handles', before.resources, after.resources),
    ...grown('objects', before.objects, after.objects, LEFT_BEHIND),
    ...grown('registry slots', { all: before.slots }, { all: after.slots }),
    ...['heap', 'arrayBuffers', 'external', 'rss'].flatMap((name) => {
      const key = /** @type {'heap' | 'arrayBuffers' | 'external' | 'rss'} */ (name);
      return grown('memory', { [key]: before[key] }, { [key]: after[key] }, BOUNDS);
    }),
    ...grown('Lua memory, KiB', before.lua, after.lua, luaBounds(after.lua)),
  ];
}

/** The same for every application. @param {Counts} lua */
function luaBounds(lua) {
  return Object.fromEntries(Object.keys(lua).map((name) => [name, BOUNDS.lua]));
}

/** @param {string} what @param {Counts} before @param {Counts} after @param {Counts} [bounds] by name; others may not grow */
function grown(what, before, after, bounds = {}) {
  return Object.entries(after).flatMap(([name, count]) => {
    const level = before[name] ?? 0;
    const bound = bounds[name] ?? 0;
    return count > level + bound
      ? [`${what}: ${name} ${level} → ${count}${bound > 0 ? `, bound ${bound}` : ''}`]
      : [];
  });
}
