// @ts-check
/**
 * How much others use the machine, and what follows from it: whether a server and its load generator are each kept on
 * a core of its own.
 *
 * Without that the kernel likes to put both ends of a loopback connection on one core, which then is the bottleneck.
 * But on a machine that others use, too, a process that must stay where it is waits for its neighbours, and finds its
 * caches cold: there the kernel's choice disturbs the figures less.
 */
import { cpus } from 'node:os';
import { CAN_PIN } from './child.js';

const LOOK_MS = 300;

/** The machine is quiet when others use less than this part of one core. */
export const QUIET = 0.25;

/**
 * Waits for a quiet moment.
 * @param {number} patience seconds at most
 * @returns {Promise<boolean>} whether there was one
 */
export async function quietMoment(patience) {
  const until = performance.now() + patience * 1000;
  do {
    const look = new Look();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (look.others(0) < QUIET) return true;
  } while (performance.now() < until);
  return false;
}

/** @param {boolean | undefined} wanted undefined: on a quiet machine @param {boolean} quiet */
export function shouldPin(wanted, quiet) {
  return CAN_PIN && (wanted ?? quiet);
}

/** A look at the machine, from now on. */
export class Look {
  #before = times();

  /** Cores that others used. @param {number} own microseconds of CPU time that are not theirs */
  others(own) {
    const { busy, all } = times();
    const part = (busy - this.#before.busy - own / 1000) / (all - this.#before.all);
    return Math.max(0, part * cpus().length);
  }
}

/** Milliseconds. */
function times() {
  const sums = { busy: 0, all: 0 };
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    sums.busy += busy;
    sums.all += busy + times.idle;
  }
  return sums;
}
