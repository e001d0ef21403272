/**
 * What one connection has to send: copied out at once, written at the end of the turn as one buffer.
 *
 * Invariant: bytes wait here or have been given to the socket, in the order in which they were sent. The
 * queue is in the turn's list exactly while something waits.
 */
import type { Socket } from 'node:net';
import type { Network } from './network.js';
import type { Flushable } from './turn.js';

/** A backlog above this, in bytes, is worth telling the script when it has gone. */
export const DRAIN_THRESHOLD = 65_536;

export class SendQueue implements Flushable {
  readonly #network: Network;
  readonly #onDrained: () => void;
  #socket: Socket | undefined;
  /** What waits: mostly one piece, which then needs no list. */
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #waitingBytes = 0;
  /** The backlog has been above the threshold and has not been empty since. */
  congested = false;

  /** @param onDrained called, later, when a backlog went to the kernel at once; else the socket's 'drain' tells */
  constructor(network: Network, onDrained: () => void) {
    this.#network = network;
    this.#onDrained = onDrained;
  }

  get pending(): number {
    return this.#socket ? this.#socket.writableLength + this.#waitingBytes : 0;
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    this.congested = false;
  }

  /** Writes what waits and forgets the socket, whose owner ends it. */
  detach(): void {
    this.flush();
    this.#socket = undefined;
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
    const copy = this.#network.arena.take(bytes.length);
    copy.set(bytes);
    this.#waitingBytes += bytes.length;
    // Here and not after the write: a script that looks at `pending` now, and waits, must be told.
    if (this.#waitingBytes > DRAIN_THRESHOLD) this.congested = true;
    if (this.#first !== undefined) {
      this.#more ??= [];
      this.#more.push(copy);
      return undefined;
    }
    this.#first = copy;
    if (turn.active) turn.defer(this);
    else this.flush();
    return undefined;
  }

  flush(): void {
    const socket = this.#socket;
    const first = this.#first;
    if (first === undefined) return;
    const bytes = this.#more ? Buffer.concat([first, ...this.#more], this.#waitingBytes) : first;
    this.#first = undefined;
    this.#more = undefined;
    this.#waitingBytes = 0;
    if (!socket || socket.destroyed) return;
    socket.write(bytes);
    const held = socket.writableLength;
    if (held === 0 && this.congested) setImmediate(this.#onDrained);
    if (held === 0) return;
    this.#network.arena.keep(bytes);
    if (held > DRAIN_THRESHOLD) this.congested = true;
  }
}
