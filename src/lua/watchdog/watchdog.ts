/**
 * The time limit of everything that scripts do: one for each server, with a thread of its own that has the clock.
 *
 * While scripts behave it costs one store at the beginning and one at the end of an entry from the event loop. An
 * entry that is overdue is interrupted from the other thread: `#interrupt` runs in the middle of a script, or of
 * anything else, and must do no more than set a hook. Rejected: a hook that is always on (CPU-bound scripts take 2.5
 * times as long), `Runtime.terminateExecution` (corrupts Node's async stack).
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PACKAGE_ROOT } from '../../package.js';
import type { LuaVm } from '../vm.js';
import { BYTES, CLOSING, monotonic, SEEN, SEEN_SINCE, SEQUENCE } from './cells.js';

/** An entry of more than this is warned of, milliseconds; one of 40 more for certain, as that is the thread's pace. */
const SLOW_MS = 100;

/** A script that is slow is warned of at most this often, milliseconds. */
const WARN_EVERY_MS = 60_000;

export interface WatchdogLimits {
  /** An entry is ended after this, milliseconds; 0 = never. */
  readonly timeout: number;
  /** The process is, seconds; 0 = never. */
  readonly abort: number;
}

export interface WatchdogEvents {
  /** An entry has taken long. At most once a minute for each VM's name. */
  slow(vm: LuaVm, activity: string, milliseconds: number): void;
  /** The process is about to end: the text must be written when this returns. In the middle of a script. */
  fatal(vm: LuaVm, activity: string, seconds: number): void;
  /** There are no time limits any more. */
  failed(reason: string): void;
}

export class Watchdog {
  readonly #limits: WatchdogLimits;
  readonly #events: WatchdogEvents;
  readonly #buffer = new SharedArrayBuffer(BYTES);
  readonly #cells = new Int32Array(this.#buffer);
  readonly #times = new Float64Array(this.#buffer);
  readonly #name = `cumulus-server watchdog ${Math.random()}`;
  #worker: Worker | undefined;
  /** Entered and not left, outermost first: a script may call one of another application. */
  readonly #entered: LuaVm[] = [];
  readonly #warned = new Map<string, number>();
  #sequence = 0;
  /** Why the running entry is being ended. */
  #reason: string | undefined;

  constructor(limits: WatchdogLimits, events: WatchdogEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Starts the thread once: it is at work within some 30 ms, also if the main thread is in a loop by then. */
  start(): void {
    const { timeout, abort } = this.#limits;
    if (this.#worker || (timeout === 0 && abort === 0)) return;
    const value = (sequence: number, what: 'stop' | 'abort') => this.#interrupt(sequence, what);
    Object.defineProperty(globalThis, Symbol.for(this.#name), { value, configurable: true });
    this.#worker = new Worker(new URL('src/lua/watchdog/worker.js', PACKAGE_ROOT), {
      name: 'watchdog',
      workerData: { buffer: this.#buffer, name: this.#name, timeout, abort: abort * 1000 },
      execArgv: [],
      // Not passed on to ours, which would have to be made for it: the thread writes nothing there.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.unref();
    this.#worker.on('error', (error) => this.#events.failed(error.message));
  }

  /** The event loop, or a script of another VM, enters `vm`. */
  enter(vm: LuaVm): void {
    if (this.#entered.push(vm) === 1) this.#count();
    else if (this.#reason !== undefined) vm.brake.press(this.#reason);
  }

  leave(): void {
    const vm = this.#entered.pop();
    if (this.#entered.length > 0 || !vm) return;
    const seen = this.#cells[SEEN] === this.#sequence;
    this.#count();
    this.#reason = undefined;
    if (seen) this.#judge(vm);
  }

  /** Ends the thread, and with it the limits. Resolves when it is gone. */
  async close(): Promise<void> {
    Reflect.deleteProperty(globalThis, Symbol.for(this.#name));
    const worker = this.#worker;
    if (!worker || worker.threadId < 0) return;
    worker.ref();
    const exited = once(worker, 'exit');
    Atomics.store(this.#cells, CLOSING, 1);
    Atomics.notify(this.#cells, CLOSING);
    await exited;
  }

  /** Odd while an entry runs. The sign does not matter: at 100,000 entries a second it wraps within hours. */
  #count(): void {
    this.#sequence = (this.#sequence + 1) | 0;
    this.#cells[SEQUENCE] = this.#sequence;
  }

  #interrupt(sequence: number, what: 'stop' | 'abort'): void {
    const outermost = this.#entered[0];
    // The entry that was meant has ended while the message was on its way.
    if (sequence !== this.#sequence || !outermost) return;
    const { timeout, abort } = this.#limits;
    if (what === 'abort') return this.#events.fatal(outermost, outermost.entry, abort);
    this.#reason = `time limit: ${outermost.entry} ran for more than ${timeout} ms`;
    for (const vm of this.#entered) vm.brake.interrupt(this.#reason);
  }

  #judge(vm: LuaVm): void {
    const now = monotonic();
    const took = now - (this.#times[SEEN_SINCE] ?? now);
    const last = this.#warned.get(vm.name);
    if (took <= SLOW_MS || (last !== undefined && now - last < WARN_EVERY_MS)) return;
    this.#warned.set(vm.name, now);
    this.#events.slow(vm, vm.entry, Math.round(took));
  }
}
