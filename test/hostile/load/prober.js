// @ts-check
/**
 * Measures how long an echo takes, every few milliseconds whatever the last one does: a stall meets all the probes
 * that fall into it. Two servers at the same moments: the neighbour, and a bare one that nothing burdens.
 *
 * The control tells what the machine does to a process that has nothing else to do. What it does to a busy one is
 * told by the kernel: the time that the daemon's main thread was ready to run and no core was free. Both are taken off
 * each probe. What remains is looked at second by second: a hiccup of the machine, or a collection of garbage whose
 * threads got no core, spoils one of them; peers that hold the daemon up spoil most.
 */
import { readFileSync } from 'node:fs';
import { established, openConnection } from '../../bench/load/connection.js';
import { act } from './act.js';

const EVERY_MS = 5;

/** Probes of about a second. */
const WINDOW = 200;

class Target {
  /** @type {{ latency: number, waited: number }[]} */
  probes = [];
  /** @type {{ since: number, waited: number }[]} */
  #open = [];
  #socket;
  #waited;

  /** @param {number} port @param {() => number} waited */
  constructor(port, waited) {
    this.#waited = waited;
    this.#socket = openConnection(port, (count) => {
      for (const { since, waited } of this.#open.splice(0, count))
        this.probes.push({ latency: performance.now() - since, waited: this.#waited() - waited });
    });
  }

  get unanswered() {
    return this.#open.length;
  }

  /** Resolves when it has been served once: established it is also in the backlog. */
  async connected() {
    await established(this.#socket);
    this.send();
    while (this.unanswered > 0) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }

  send() {
    this.#open.push({ since: performance.now(), waited: this.#waited() });
    this.#socket.write('?');
  }
}

/** @type {Target} */
let neighbour;
/** @type {Target} */
let control;
/** @type {NodeJS.Timeout} */
let timer;

act({
  async open({ neighbourPort, controlPort, pid }) {
    neighbour = new Target(neighbourPort, () => waitedForCore(pid));
    control = new Target(controlPort, () => 0);
    await Promise.all([neighbour.connected(), control.connected()]);
  },
  begin() {
    neighbour.probes = [];
    control.probes = [];
    timer = setInterval(() => {
      neighbour.send();
      control.send();
    }, EVERY_MS);
  },
  /** @param {{ patience: number }} options milliseconds that the last answers may take */
  async end({ patience }) {
    clearInterval(timer);
    const late = performance.now() + patience;
    while (neighbour.unanswered + control.unanswered > 0 && performance.now() < late)
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    const { probes, unanswered } = neighbour;
    const bare = control.probes.map(({ latency }) => latency);
    const added = probes.map(({ latency, waited }, i) => Math.max(0, latency - waited - (bare[i] ?? 0)));
    return {
      count: probes.length,
      unanswered,
      seen: p99(probes.map(({ latency }) => latency)),
      control: p99(bare),
      added: inMedianWindow(added),
    };
  },
});

/** Milliseconds since its start that the main thread of a process had to wait for a core; 0 where nobody counts. */
function waitedForCore(/** @type {number} */ pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** The 99th percentile of each second, and the median of those. @param {readonly number[]} values in order */
function inMedianWindow(values) {
  const windows = [];
  for (let i = 0; i + WINDOW <= values.length; i += WINDOW) windows.push(p99(values.slice(i, i + WINDOW)));
  windows.sort((a, b) => a - b);
  return windows[(windows.length - 1) >> 1] ?? p99(values);
}

/** @param {readonly number[]} values */
function p99(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;
}
