/**
 * A turn: the time between entering a script from the event loop and coming back.
 *
 * What a socket is given to send during a turn leaves at its end, in one system call for each socket, whichever
 * socket's event it was. Outside of a turn there is nothing to wait for, and sockets write at once.
 */
export interface Flushable {
  /** Must not throw and must not enter a script: it runs when the turn is over. */
  flush(): void;
}

export class Turn {
  #depth = 0;
  readonly #waiting: Flushable[] = [];
  readonly #onFlushed: () => void;

  /** @param onFlushed called at the end of a turn that had something to flush */
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
    if (--this.#depth === 0 && this.#waiting.length > 0) this.#flush();
  }

  /** Calls `flushable.flush()` at the end of this turn. The caller sees to it that it asks once a turn. */
  defer(flushable: Flushable): void {
    this.#waiting.push(flushable);
  }

  #flush(): void {
    // Flushing enters no script, so that nothing is added meanwhile.
    for (const one of this.#waiting) one.flush();
    this.#waiting.length = 0;
    this.#onFlushed();
  }
}
