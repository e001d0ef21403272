// @ts-check
/**
 * Rows about starting: one application, a hundred, two hundred, and what it costs to watch them.
 */
import { spawnSync } from 'node:child_process';
import { appSource, startOurs } from '../harness/servers.js';
import { median } from '../harness/stats.js';

/** A program that does nothing: what any start of Node costs. */
const REFERENCE = 'node -e 0';
/** Looks at the idle server: V8, too, uses the time once, to give memory back, and that is not what is measured. */
const WATCHES = 5;
const WATCH_MS = 3000;
const MOST_IDLE_CPU = 1;

/** @type {import('../types.js').Row[]} */
export const startRows = [
  startRow({ name: 'start', applications: 1, atMost: 120, beyond: true }),
  startRow({ name: 'start-100', applications: 100, atMost: 1500 }),
  startRow({ name: 'start-200', applications: 200, atMost: 4000, maxRounds: 3 }),
  {
    name: 'watch-200',
    work: '200 applications, idle and watched',
    measure: 'CPU',
    unit: '% of a core',
    target: { of: 'figure', atMost: MOST_IDLE_CPU },
    maxRounds: 2,
    async round(context) {
      const server = await startOurs({ context, pin: false, files: manyApplications(200) });
      try {
        await pause(context.quick ? 2000 : 4000);
        const used = [];
        for (let i = 0; i < WATCHES; i++) {
          const before = await server.cpu();
          await pause(WATCH_MS);
          used.push(((await server.cpu()) - before) / 1000 / (WATCH_MS / 100));
        }
        return { ours: { figure: median(used) } };
      } finally {
        await server.stop();
      }
    },
  },
];

/**
 * @param {{ name: string, applications: number, atMost: number, beyond?: boolean, maxRounds?: number }} row
 *   beyond: the figure is what exceeds the reference
 * @returns {import('../types.js').Row}
 */
function startRow({ name, applications, atMost, beyond = false, maxRounds }) {
  return {
    name,
    work:
      applications === 1
        ? 'start to listening, one application'
        : `start to listening, ${applications} applications`,
    measure: beyond ? `time over ${REFERENCE}` : 'time',
    unit: 'ms',
    reference: REFERENCE,
    target: { of: 'figure', atMost },
    ...(maxRounds && { maxRounds }),
    async round(context) {
      const reference = timeOfNode();
      const time = await timeToListen(context, applications);
      const ours = { figure: beyond ? time - reference : time };
      return { ours, bare: { figure: reference }, ratio: time / reference };
    },
  };
}

/** @param {import('../types.js').Context} context @param {number} applications */
async function timeToListen(context, applications) {
  const files = manyApplications(applications);
  const server = await startOurs({ context, pin: false, files });
  await server.stop();
  return server.upAfter;
}

function timeOfNode() {
  const start = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - start;
}

/**
 * The last one to start is the one that listens.
 * @param {number} count
 * @returns {Record<string, string>}
 */
function manyApplications(count) {
  if (count === 1) return { 'main.lua': appSource('echo') };
  const files = Array.from({ length: count }, (_, i) => [
    `app${String(i).padStart(3, '0')}/main.lua`,
    i === count - 1 ? appSource('echo') : 'function onStart(path) started = path end',
  ]);
  return Object.fromEntries(files);
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
