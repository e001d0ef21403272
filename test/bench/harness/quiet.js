// @ts-check
/**
 * Whether a server and its load generator should each be kept on a core of its own.
 *
 * Without it the kernel likes to put both ends of a loopback connection on one core, which then is the bottleneck.
 * But on a machine that others use, too, a process that must stay where it is waits for its neighbours, and finds its
 * caches cold: there the kernel's choice disturbs the figures less.
 */
import { cpus } from 'node:os';
import { CAN_PIN } from './child.js';

const LOOK_MS = 300;

/** The machine is quiet when others use less than this part of one core. */
const QUIET = 0.2;

/**
 * @param {boolean | undefined} wanted undefined: when it is possible and the machine is quiet
 * @param {number} disturbance
 */
export function shouldPin(wanted, disturbance) {
  return CAN_PIN && (wanted ?? disturbance < QUIET);
}

/** @returns {Promise<number>} busy cores, 0 to their number */
export async function coresInUse() {
  const before = times();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const after = times();
  return ((after.busy - before.busy) / (after.all - before.all)) * cpus().length;
}

function times() {
  const sums = { busy: 0, all: 0 };
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    sums.busy += busy;
    sums.all += busy + times.idle;
  }
  return sums;
}
