// @ts-check
/**
 * Preloaded into the daemon: answers over the IPC channel what only the process itself can tell. The daemon knows
 * nothing of it. When the soak is gone, the daemon stops.
 */
import { Session } from 'node:inspector/promises';
import { getHeapSpaceStatistics, writeHeapSnapshot } from 'node:v8';

/** V8 frees some things only by a second collection, after their finalizers have run. */
const COLLECTIONS = 3;

/** @typedef {{ name: string, value?: import('node:inspector').Runtime.RemoteObject }} Property */
/** @typedef {{ id: number, method: 'resources' | 'figures' | 'snapshot' | 'slots', file?: string, objects?: number[] }} Question */

process.on('message', async (message) => {
  const { id, method, file, objects = [] } = /** @type {Question} */ (message);
  try {
    process.send?.({ id, value: await answer(method, file, objects) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

/** @param {Question['method']} method @param {string | undefined} file @param {readonly number[]} objects */
async function answer(method, file, objects) {
  if (method === 'resources') return process.getActiveResourcesInfo();
  if (method === 'snapshot') return writeHeapSnapshot(file);
  if (method === 'slots') return slotsOf(objects);
  await collect();
  return figures();
}

async function collect() {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @returns {import('../types.js').Inside} */
function figures() {
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  // Compiled code is dropped when it has not run for a while, and comes back: no leak, and no measure of one.
  const code = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.includes('code'))
    .reduce((sum, { space_used_size: size }) => sum + size, 0);
  return { resources: process.getActiveResourcesInfo(), heap: heapUsed - code, external, arrayBuffers, rss };
}

/**
 * Registry slots that Lua machines have given out and not got back, without those that only spare making something
 * again: private to them, but not to the inspector.
 * @param {readonly number[]} machines ids of the heap snapshot
 */
async function slotsOf(machines) {
  const session = new Session();
  session.connect();
  try {
    let slots = 0;
    for (const machine of machines) slots += await slotsOfOne(session, machine);
    return slots;
  } finally {
    session.disconnect();
  }
}

/** @param {Session} session @param {number} machine */
async function slotsOfOne(session, machine) {
  const { result } = await session.post('HeapProfiler.getObjectByHeapObjectId', {
    objectId: String(machine),
  });
  const registry = (await fieldOf(session, result.objectId, 'registry'))?.objectId;
  const next = await fieldOf(session, registry, '#next');
  const free = await fieldOf(session, registry, '#free');
  const cached = await fieldOf(session, registry, 'cached');
  const given = Number(next?.value) - Number(/^Array\((\d+)\)$/.exec(free?.description ?? '')?.[1]);
  return given - Number(cached?.value);
}

/** @param {Session} session @param {string | undefined} object @param {string} field */
async function fieldOf(session, object, field) {
  if (object === undefined) throw new Error('an object of the heap snapshot is gone');
  const properties = await session.post('Runtime.getProperties', { objectId: object });
  // The types of Node do not know them yet.
  const { result, privateProperties } =
    /** @type {{ result: readonly Property[], privateProperties: readonly Property[] }} */ (
      /** @type {unknown} */ (properties)
    );
  return [...result, ...privateProperties].find(({ name }) => name === field)?.value;
}
