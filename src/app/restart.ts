/**
 * When an application whose Lua machine broke is started again: soon, and later each time that it breaks again.
 *
 * It knows no application. Invariant: at most one start is pending, and none after `cancel`.
 */

/** First and longest pause, milliseconds. */
const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/** An application that ran this long has recovered: the pauses begin anew. */
const RECOVERED_MS = 300_000;

export class Restart {
  #next = FIRST_MS;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The application runs, from `now` on, milliseconds. */
  started(now = performance.now()): void {
    this.cancel();
    this.#startedAt = now;
  }

  /** Calls `start` after the pause. @returns the pause, milliseconds */
  schedule(start: () => void, now = performance.now()): number {
    this.cancel();
    if (now - this.#startedAt >= RECOVERED_MS) this.#next = FIRST_MS;
    const pause = this.#next;
    this.#next = Math.min(pause * 2, LONGEST_MS);
    this.#timer = setTimeout(start, pause);
    return pause;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
