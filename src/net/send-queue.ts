/**
 * What one connection has to send: copied out at once, written at the end of the turn as one buffer.
 *
 * Invariant: bytes wait here or have been given to the connection, in the order in which they were sent. The
 * queue is in the turn's list exactly while something waits.
 */
import type { Connection } from './connection.js';
import type { Network } from './network.js';
import type { Flushable } from './turn.js';

/** A backlog above this, in bytes, is worth telling the script when it has gone. */
export const DRAIN_THRESHOLD = 65_536;

export class SendQueue implements Flushable {
  readonly #network: Network;
  readonly #onDrained: () => void;
  #connection: Connection | undefined;
  /** What waits: a part of the arena's block, which grows as long as nobody else sends; before it, other pieces. */
  #block: Buffer | undefined;
  #start = 0;
  #end = 0;
  #before: Buffer[] | undefined;
  #waitingBytes = 0;
  /** The backlog has been above the threshold and has not been empty since. */
  congested = false;

  /** @param onDrained called, later, when a backlog went to the kernel at once; else the connection's `onDrain` tells */
  constructor(network: Network, onDrained: () => void) {
    this.#network = network;
    this.#onDrained = onDrained;
  }

  get pending(): number {
    return this.#connection ? this.#connection.unsent + this.#waitingBytes : 0;
  }

  attach(connection: Connection): void {
    this.#connection = connection;
    this.congested = false;
  }

  /** Writes what waits and forgets the connection, whose owner ends it. */
  detach(): void {
    this.flush();
    this.#connection = undefined;
    this.congested = false;
  }

  /**
   * @param bytes copied before this returns
   * @returns an error string when it would exceed the limit; nothing of `bytes` is taken then
   */
  add(bytes: Uint8Array): string | undefined {
    const { turn, limits } = this.#network;
    if (bytes.length > limits.sendLimit - this.pending) {
      return `send limit reached: ${this.pending} bytes are pending, ${bytes.length} more would exceed ${limits.sendLimit}`;
    }
    this.#append(bytes);
    const waited = this.#waitingBytes > 0;
    this.#waitingBytes += bytes.length;
    // Here and not after the write: a script that looks at `pending` now, and waits, must be told.
    if (this.#waitingBytes > DRAIN_THRESHOLD) this.congested = true;
    if (waited) return undefined;
    if (turn.active) turn.defer(this);
    else this.flush();
    return undefined;
  }

  flush(): void {
    if (this.#waitingBytes === 0) return;
    const bytes = this.#take();
    const connection = this.#connection;
    if (!connection || connection.closed) return;
    connection.write(bytes);
    const held = connection.unsent;
    if (held === 0 && this.congested) setImmediate(this.#onDrained);
    if (held === 0) return;
    this.#network.arena.keep(bytes);
    if (held > DRAIN_THRESHOLD) this.congested = true;
  }

  #append(bytes: Uint8Array): void {
    const { arena } = this.#network;
    const at = arena.put(bytes);
    if (at >= 0 && at === this.#end && arena.block === this.#block) {
      this.#end += bytes.length;
      return;
    }
    this.#setAside();
    if (at < 0) return void this.#aside(Buffer.from(bytes));
    this.#block = arena.block;
    this.#start = at;
    this.#end = at + bytes.length;
  }

  /** Something else has been put behind what waits in the block. */
  #setAside(): void {
    const block = this.#block;
    this.#block = undefined;
    if (block) this.#aside(block.subarray(this.#start, this.#end));
  }

  #aside(piece: Buffer): void {
    this.#before ??= [];
    this.#before.push(piece);
  }

  /** All that waits, as one. */
  #take(): Buffer {
    let bytes = this.#block?.subarray(this.#start, this.#end);
    if (this.#before) {
      this.#setAside();
      bytes = this.#before.length === 1 ? this.#before[0] : Buffer.concat(this.#before, this.#waitingBytes);
    }
    this.#block = undefined;
    this.#before = undefined;
    this.#waitingBytes = 0;
    return bytes ?? EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);
