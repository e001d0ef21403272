// @ts-check
/**
 * The process of the load: starts all activities, lets them come to rest, reports. Questions come over IPC; when the
 * soak is gone, so is the load.
 */
import { Latencies } from '../../bench/load/latencies.js';
import { randomOf } from '../harness/random.js';
import { chat } from './chat.js';
import { counter } from './counter.js';
import { echo } from './echo.js';
import { lines } from './lines.js';
import { mail } from './mail.js';
import { orphans } from './orphans.js';
import { pause } from './peer.js';
import { bombs, loops } from './trouble.js';
import { udp } from './udp.js';

const ACTIVITIES = [echo, chat, udp, counter, lines, mail, loops, bombs, orphans];

/** Failures that are named; beyond them they are counted. */
const MOST_NAMED = 20;
/** After a failure, milliseconds. */
const RESPITE_MS = 500;
const MOST_LATENCIES = 1_000_000;

/** @typedef {{ id: number, method: 'start' | 'rest' | 'report', ports?: import('../types.js').Ports, seed?: number }} Question */
/** @typedef {{ counts: Record<string, number>, latencies: Latencies }} Account */

/** @type {Map<string, Account>} */
const accounts = new Map(
  ACTIVITIES.map(({ name }) => [name, { counts: {}, latencies: new Latencies(MOST_LATENCIES) }]),
);
/** @type {string[]} */
const failures = [];
let failed = 0;
let ending = false;
/** @type {Promise<void>[]} */
let running = [];

process.on('disconnect', () => process.exit());
process.on('message', async (message) => {
  const { id, method, ports = {}, seed = 0 } = /** @type {Question} */ (message);
  if (method === 'start') start(ports, seed);
  if (method === 'rest') await rest();
  process.send?.({ id, value: method === 'report' ? report() : true });
});

/** @param {import('../types.js').Ports} ports @param {number} seed */
function start(ports, seed) {
  ending = false;
  running = ACTIVITIES.flatMap((activity, i) =>
    Array.from({ length: activity.workers }, (_, j) => work(activity, ports, seed + 100 * i + j)),
  );
}

/** Resolves when every round is over and every connection closed. */
async function rest() {
  ending = true;
  await Promise.all(running);
}

/** @returns {import('../types.js').LoadFigures} */
function report() {
  const activities = [...accounts].map(([name, { counts, latencies }]) => [
    name,
    { counts, latency: latencies.percentiles() },
  ]);
  return { activities: Object.fromEntries(activities), failures, failed };
}

/** @param {import('../types.js').Activity} activity @param {import('../types.js').Ports} ports @param {number} seed */
async function work(activity, ports, seed) {
  const random = randomOf(seed);
  const { counts, latencies } = /** @type {Account} */ (accounts.get(activity.name));
  const worker = activity.worker({
    ports,
    random,
    count(what, more = 1) {
      counts[what] = (counts[what] ?? 0) + more;
    },
    took: (since) => latencies.record(since),
    get ending() {
      return ending;
    },
  });
  while (!ending) {
    try {
      await worker.round();
    } catch (error) {
      fail(`${activity.name}: ${error instanceof Error ? error.message : error}`);
      await pause(RESPITE_MS);
    }
    await pauseUnlessEnding(random() * activity.pause);
  }
  worker.close?.();
}

/** @param {number} ms */
async function pauseUnlessEnding(ms) {
  const until = performance.now() + ms;
  while (!ending && performance.now() < until) await pause(Math.min(100, until - performance.now()));
}

/** @param {string} failure */
function fail(failure) {
  failed++;
  if (failures.length < MOST_NAMED) failures.push(failure);
}
