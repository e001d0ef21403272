/**
 * Tells systemd how the daemon is: ready, reloading, stopping, alive. Without NOTIFY_SOCKET it does nothing.
 *
 * Node cannot write to a Unix datagram socket, so `systemd-notify`, which every machine with systemd has, does it, one
 * message after the other, in the order of the calls. The unit therefore says NotifyAccess=all. Rejected: an addon
 * that needs a compiler. Invariant: nothing is sent after STOPPING=1.
 */
import { execFile } from 'node:child_process';

const COMMAND = 'systemd-notify';
/** A message that has not been taken by then is given up, milliseconds. */
const TIMEOUT_MS = 5000;
/**
 * The status is compared this often, milliseconds, and sent when it differs: a message costs a process. Rejected: an
 * event from every place where the state of an application changes.
 */
export const STATUS_MS = 1000;

export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  readonly #status: () => string;
  readonly #onError: (reason: string) => void;
  #sending: Promise<void> = Promise.resolve();
  #lastStatus = '';
  #timers: NodeJS.Timeout[] = [];
  #alive = false;
  #stopping = false;
  #failed = false;

  /**
   * @param status how the daemon is, for people
   * @param onError told once when messages cannot be sent
   */
  constructor(env: NodeJS.ProcessEnv, status: () => string, onError: (reason: string) => void) {
    this.#env = env;
    this.#status = status;
    this.#onError = onError;
  }

  get enabled(): boolean {
    return Boolean(this.#env['NOTIFY_SOCKET']);
  }

  /** From the first call on the status is kept up to date, and WATCHDOG=1 is sent at half of systemd's interval. */
  ready(): Promise<void> {
    this.#startTimers();
    return this.#send('READY=1', this.#newStatus());
  }

  /** `ready` follows. */
  reloading(): Promise<void> {
    return this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** @returns when it has been taken, and with it all that was sent before */
  stopping(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const sent = this.#send('STOPPING=1', 'STATUS=stopping');
    this.#stopping = true;
    return sent;
  }

  #startTimers(): void {
    if (!this.enabled || this.#stopping || this.#timers.length > 0) return;
    this.#timers.push(setInterval(() => this.#refreshStatus(), STATUS_MS).unref());
    const period = watchdogPeriod(this.#env);
    if (period > 0) this.#timers.push(setInterval(() => this.#sendAlive(), period).unref());
  }

  #refreshStatus(): void {
    if (oneLine(this.#status()) !== this.#lastStatus) void this.#send(this.#newStatus());
  }

  #newStatus(): string {
    this.#lastStatus = oneLine(this.#status());
    return `STATUS=${this.#lastStatus}`;
  }

  /** Called by a timer, which fires only while the event loop turns: that is what the watchdog is to watch. */
  #sendAlive(): void {
    // One that waits its turn says as much as two.
    if (this.#alive) return;
    this.#alive = true;
    void this.#send('WATCHDOG=1').then(() => {
      this.#alive = false;
    });
  }

  #send(...assignments: string[]): Promise<void> {
    if (!this.enabled || this.#stopping) return Promise.resolve();
    this.#sending = this.#sending.then(() => this.#run(assignments));
    return this.#sending;
  }

  #run(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      execFile(COMMAND, assignments, { env: this.#env, timeout: TIMEOUT_MS }, (error) => {
        if (error && !this.#failed)
          this.#onError(`cannot tell systemd about the state: ${COMMAND}: ${error.message}`);
        this.#failed ||= error !== null;
        resolve();
      });
    });
  }
}

/** Half of the interval that systemd asks of this process, milliseconds; 0: it asks for none. */
function watchdogPeriod(env: NodeJS.ProcessEnv): number {
  const microseconds = Number(env['WATCHDOG_USEC']);
  const mine = !env['WATCHDOG_PID'] || Number(env['WATCHDOG_PID']) === process.pid;
  return mine && microseconds > 0 ? microseconds / 2000 : 0;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
