/**
 * Tells systemd how the daemon is: ready, reloading, stopping, alive. Without NOTIFY_SOCKET it does nothing.
 *
 * Node cannot write to a Unix datagram socket, so `systemd-notify`, which every machine with systemd has, does it, one
 * message after the other. The unit therefore says NotifyAccess=all. Rejected: an addon that needs a compiler.
 */
import { execFile } from 'node:child_process';

const COMMAND = 'systemd-notify';
/** A message that has not been taken by then is given up, milliseconds. */
const TIMEOUT_MS = 5000;

export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  readonly #onError: (reason: string) => void;
  #sending: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;
  #failed = false;

  /** @param onError told once when messages cannot be sent */
  constructor(env: NodeJS.ProcessEnv, onError: (reason: string) => void) {
    this.#env = env;
    this.#onError = onError;
  }

  get enabled(): boolean {
    return Boolean(this.#env['NOTIFY_SOCKET']);
  }

  /** READY=1; from now on WATCHDOG=1 is sent at half of the interval that systemd asks for. */
  ready(status: string): Promise<void> {
    this.#startWatchdog();
    return this.#send('READY=1', `STATUS=${oneLine(status)}`);
  }

  status(status: string): Promise<void> {
    return this.#send(`STATUS=${oneLine(status)}`);
  }

  /** `ready` follows. */
  reloading(): Promise<void> {
    return this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): Promise<void> {
    clearInterval(this.#watchdog);
    return this.#send('STOPPING=1', 'STATUS=stopping');
  }

  /** The timer only fires while the event loop turns, which is what the watchdog is to watch. */
  #startWatchdog(): void {
    const period = Number(this.#env['WATCHDOG_USEC']);
    const mine = !this.#env['WATCHDOG_PID'] || Number(this.#env['WATCHDOG_PID']) === process.pid;
    if (this.#watchdog || !this.enabled || !mine || !(period > 0)) return;
    this.#watchdog = setInterval(() => void this.#send('WATCHDOG=1'), period / 2000).unref();
  }

  #send(...assignments: string[]): Promise<void> {
    if (!this.enabled) return Promise.resolve();
    this.#sending = this.#sending.then(() => this.#run(assignments));
    return this.#sending;
  }

  #run(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const options = { env: this.#env, timeout: TIMEOUT_MS };
      execFile(COMMAND, [`--pid=${process.pid}`, ...assignments], options, (error) => {
        if (error && !this.#failed)
          this.#onError(`cannot tell systemd about the state: ${COMMAND}: ${error.message}`);
        this.#failed ||= error !== null;
        resolve();
      });
    });
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
