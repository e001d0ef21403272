/**
 * Connections that send faster than they are read take turns, so that nobody waits long behind them.
 *
 * A read that fills the whole buffer means that more is there. libuv would read on at once, up to 32 buffers from one
 * connection before it looks at the next: fifty that send without pause then hold up all others for 100 ms. Instead
 * they stop reading and queue; in each turn of the event loop a few read on, and everybody else is served.
 *
 * Invariant: who queues is not being read, and queues once.
 */

/** The size of the buffer that connections share, bytes: a message of 64 KiB does not fill it. */
export const READ_SIZE = 131_072;

/** What Node reads at most at a time where it makes a buffer for each read, bytes. */
export const NODE_READ_SIZE = 65_536;

export interface Reader {
  /** Its turn has come. Must not throw and must not enter a script. */
  readOn(): void;
}

/** How many read on in one turn of the event loop: what they get is worked off in a few milliseconds. */
const AT_A_TIME = 8;

export class ReadTurns {
  /** In the order in which they came. */
  readonly #queue = new Set<Reader>();
  #scheduled: NodeJS.Immediate | undefined;

  /** @param reader has stopped reading, until its `readOn` is called */
  wait(reader: Reader): void {
    this.#queue.add(reader);
    this.#scheduled ??= setImmediate(this.#next);
  }

  waits(reader: Reader): boolean {
    return this.#queue.has(reader);
  }

  /** It has closed. */
  remove(reader: Reader): void {
    this.#queue.delete(reader);
  }

  readonly #next = (): void => {
    let left = AT_A_TIME;
    for (const reader of this.#queue) {
      if (left-- === 0) break;
      this.#queue.delete(reader);
      reader.readOn();
    }
    this.#scheduled = this.#queue.size > 0 ? setImmediate(this.#next) : undefined;
  };
}
