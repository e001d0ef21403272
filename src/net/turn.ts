/**
 * A turn: the time between entering a script from the event loop and coming back.
 *
 * What a socket is given to send during a turn leaves at its end, in one system call for each socket, whichever
 * socket's event it was. Outside of a turn there is nothing to wait for, and sockets write at once.
 *
 * A broadcast to thousands leaves in slices of time, and the event loop turns in between: each write is a system call
 * that copies. Who waits for the next slice keeps what it has, and its order.
 */
export interface Flushable {
  /** Must not throw and must not enter a script: it runs when the turn is over. */
  flush(): void;
}

/** Longest time of flushing at a stretch, milliseconds. */
const SLICE_MS = 5;

/** How many are flushed between two looks at the clock: an ordinary turn never looks. */
const LOOK_EVERY = 16;

export class Turn {
  #depth = 0;
  readonly #waiting: Flushable[] = [];
  /** What did not fit into the slice of its turn. */
  #late: Flushable[] = [];
  readonly #onFlushed: () => void;
  #wroteNow = false;

  /** @param onFlushed called when everything has been flushed, if there was something */
  constructor(onFlushed: () => void) {
    this.#onFlushed = onFlushed;
  }

  get active(): boolean {
    return this.#depth > 0;
  }

  enter(): void {
    this.#depth++;
  }

  leave(): void {
    if (--this.#depth > 0) return;
    this.#wroteNow = false;
    if (this.#waiting.length > 0) this.#flush();
  }

  /** Whether something may be written before the turn ends: one thing in each, so that a broadcast leaves in slices. */
  get mayWriteNow(): boolean {
    return this.active && !this.#wroteNow;
  }

  /** It has been written. */
  noteWritten(): void {
    this.#wroteNow = true;
  }

  /** Calls `flushable.flush()` at the end of this turn. The caller sees to it that it asks once a turn. */
  defer(flushable: Flushable): void {
    this.#waiting.push(flushable);
  }

  #flush(): void {
    // Flushing enters no script, so that nothing is added meanwhile.
    const done = flushSlice(this.#waiting);
    if (done < this.#waiting.length) this.#postpone(this.#waiting.slice(done));
    this.#waiting.length = 0;
    if (this.#late.length === 0) this.#onFlushed();
  }

  #postpone(rest: readonly Flushable[]): void {
    if (this.#late.length === 0) setImmediate(this.#flushLate);
    this.#late = this.#late.concat(rest);
  }

  readonly #flushLate = (): void => {
    this.#late = this.#late.slice(flushSlice(this.#late));
    if (this.#late.length > 0) setImmediate(this.#flushLate);
    else this.#onFlushed();
  };
}

/** @returns how many were flushed: all of them, if the time suffices */
function flushSlice(waiting: readonly Flushable[]): number {
  let end = Number.POSITIVE_INFINITY;
  for (let done = 0; done < waiting.length; done++) {
    if (done % LOOK_EVERY === 0 && done > 0) {
      const now = performance.now();
      if (now >= end) return done;
      end = Math.min(end, now + SLICE_MS);
    }
    waiting[done]?.flush();
  }
  return waiting.length;
}
