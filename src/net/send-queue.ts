/**
 * What one connection has to send: copied out at once, written at the end of the turn in one system call. Only the
 * first long text of a turn goes to the kernel straight from where it is, as far as that takes it.
 *
 * Invariant: bytes wait for the end of the turn, or in the backlog, or have been given to the connection, in the order
 * in which they were sent. The queue is in the turn's list exactly while something waits for its end; it has a backlog
 * exactly while the connection has not sent all that it was given.
 */
import { Backlog } from './backlog.js';
import { type Connection, isSeveral, type Sent } from './connection.js';
import type { Network } from './network.js';
import type { Flushable } from './turn.js';

/** A backlog above this, in bytes, is worth telling the script when it has gone. */
export const DRAIN_THRESHOLD = 65_536;

/** A text from this length on, bytes, is offered to the kernel before it is copied: below, copying costs no more. */
const DIRECT_FROM = 32_768;

/** Pieces that are smaller than this on average, in bytes, are copied together before they are written. */
const JOINED_BELOW = 16_384;

export class SendQueue implements Flushable {
  readonly #network: Network;
  readonly #onDrained: () => void;
  #connection: Connection | undefined;
  /** What waits: a part of the arena's block, which grows as long as nobody else sends; before it, other pieces. */
  #block: Buffer | undefined;
  #start = 0;
  #end = 0;
  #before: Uint8Array[] | undefined;
  #waitingBytes = 0;
  /** What the kernel has taken before the end of the turn: the script sees it as pending until then, as all else. */
  #writtenBytes = 0;
  /** What the connection is given when it has sent what it has. */
  #backlog: Backlog | undefined;
  #held = 0;
  /** The backlog has been above the threshold and has not been empty since. */
  congested = false;

  /** @param onDrained called, later, when a backlog went to the kernel at once; else the connection's `onDrain` tells */
  constructor(network: Network, onDrained: () => void) {
    this.#network = network;
    this.#onDrained = onDrained;
  }

  get pending(): number {
    if (!this.#connection) return 0;
    return this.#connection.unsent + this.#ofTurn + (this.#backlog?.bytes ?? 0);
  }

  attach(connection: Connection): void {
    this.#connection = connection;
    this.congested = false;
  }

  /** Writes what waits and forgets the connection, whose owner ends it. */
  detach(): void {
    this.flush();
    this.#writeBacklog();
    this.#hold(0);
    this.#connection = undefined;
    this.congested = false;
  }

  /**
   * @param bytes copied, or written, before this returns
   * @returns an error string when it would exceed the limit; nothing of `bytes` is taken then
   */
  add(bytes: Uint8Array): string | undefined {
    const refusal = this.#refusal(bytes.length);
    if (refusal !== undefined) return refusal;
    const { turn } = this.#network;
    const waited = this.#ofTurn > 0;
    const written = waited || bytes.length < DIRECT_FROM ? 0 : this.#writeNow(bytes);
    this.#writtenBytes += written;
    if (written < bytes.length) this.#append(written > 0 ? bytes.subarray(written) : bytes);
    // Here and not after the write: a script that looks at `pending` now, and waits, must be told.
    if (this.#ofTurn > DRAIN_THRESHOLD) this.congested = true;
    if (waited) return undefined;
    if (turn.active) turn.defer(this);
    else this.flush();
    return undefined;
  }

  flush(): void {
    const written = this.#writtenBytes;
    this.#writtenBytes = 0;
    if (this.#waitingBytes === 0) {
      if (written > 0 && this.congested) setImmediate(this.#onDrained);
      return;
    }
    const sent = this.#take();
    const connection = this.#connection;
    if (!connection || connection.closed) return;
    if (this.#backlog) return this.#queue(sent);
    const unsent = connection.write(sent);
    if (unsent === 0) {
      if (this.congested) setImmediate(this.#onDrained);
      return;
    }
    this.#network.arena.keep(sent);
    this.#backlog = new Backlog();
    this.#hold(unsent);
    if (unsent > DRAIN_THRESHOLD) this.congested = true;
  }

  /** The connection has sent what it had been given. */
  writeOn(): void {
    const more = this.#writeBacklog();
    const unsent = this.#connection?.unsent ?? 0;
    if (more && unsent > 0) this.#backlog = new Backlog();
    this.#hold(unsent);
  }

  /** @returns false when there is none */
  #writeBacklog(): boolean {
    const backlog = this.#backlog;
    this.#backlog = undefined;
    if (!backlog || backlog.bytes === 0) return false;
    this.#connection?.write(backlog.take());
    return true;
  }

  #queue(sent: Sent): void {
    for (const piece of isSeveral(sent) ? sent : [sent])
      if (this.#backlog?.add(piece)) this.#network.arena.keep(piece);
    const { pending } = this;
    this.#hold(pending);
    if (pending > DRAIN_THRESHOLD) this.congested = true;
  }

  /** What the peer does not take is counted among all connections. */
  #hold(bytes: number): void {
    this.#network.held.change(this.#held, bytes);
    this.#held = bytes;
  }

  #refusal(more: number): string | undefined {
    const { limits, held } = this.#network;
    // Without a backlog the connection has nothing: a broadcast to thousands need not look at each of them here.
    const pending = this.#backlog ? this.pending : this.#ofTurn;
    if (more > limits.sendLimit - pending) {
      return `send limit reached: ${pending} bytes are pending, ${more} more would exceed ${limits.sendLimit} ([tcp] sendLimit)`;
    }
    if (this.#held > 0 && !held.allows(this.#held, more)) {
      return `send limit reached: ${held.bytes} bytes are held for all connections, ${pending} of them for this one; the limit is ${held.limit} ([tcp] totalLimit)`;
    }
    return undefined;
  }

  /** What was sent since the turn began. */
  get #ofTurn(): number {
    return this.#waitingBytes + this.#writtenBytes;
  }

  /** What is long is not copied out when the kernel takes it now. @returns how much of it that has */
  #writeNow(bytes: Uint8Array): number {
    const { turn } = this.#network;
    if (this.#backlog || !turn.mayWriteNow) return 0;
    const taken = this.#connection?.writeNow(bytes) ?? 0;
    if (taken > 0) turn.noteWritten();
    return taken;
  }

  #append(bytes: Uint8Array): void {
    const { arena } = this.#network;
    const at = arena.put(bytes, this.#waitingBytes > 0);
    this.#waitingBytes += bytes.length;
    if (at >= 0 && at === this.#end && arena.block === this.#block) {
      this.#end += bytes.length;
      return;
    }
    this.#setAside();
    if (at < 0) return this.#aside(arena.large(bytes));
    this.#block = arena.block;
    this.#start = at;
    this.#end = at + bytes.length;
  }

  /** Something else has been put behind what waits in the block. */
  #setAside(): void {
    const block = this.#block;
    if (block) this.#aside(this.#pieceOf(block));
    this.#block = undefined;
  }

  #aside(piece: Uint8Array): void {
    this.#before ??= [];
    this.#before.push(piece);
  }

  /** All that waits; nothing is left. */
  #take(): Sent {
    const block = this.#block;
    const sent = block && !this.#before ? this.#pieceOf(block) : this.#takeSeveral();
    this.#block = undefined;
    this.#waitingBytes = 0;
    return sent;
  }

  /** Small pieces as one. Large ones stay: copying them costs more, and other connections may share them. */
  #takeSeveral(): Sent {
    this.#setAside();
    const pieces = this.#before ?? [];
    this.#before = undefined;
    const large = this.#waitingBytes >= pieces.length * JOINED_BELOW;
    return large ? pieces : Buffer.concat(pieces, this.#waitingBytes);
  }

  #pieceOf(block: Buffer): Uint8Array {
    const { arena } = this.#network;
    return block === arena.block
      ? arena.piece(this.#start, this.#end)
      : block.subarray(this.#start, this.#end);
  }
}
