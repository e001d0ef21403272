/**
 * Where what scripts send is copied to until the end of the turn: one block of memory, used again and again as long as
 * the kernel takes everything at once, which it mostly does. Fresh memory for each send costs more than the copying.
 *
 *   block  | held by connections | written in this turn | free |
 *                                ^floor                 ^used
 *
 * Invariant: what a connection still holds is never handed out again. `keep` is called when one does.
 */

import { isSeveral, type Sent } from './connection.js';

/** A connection that holds on to a piece keeps a block of this size from being freed, bytes. */
const ARENA_SIZE = 131_072;

/** What does not fit into the rest of the block gets memory of its own when it is larger than this. */
const LARGE = ARENA_SIZE / 2;

/** What the sender may use again for others, and counts how often it does. */
export interface Reused extends Uint8Array {
  readonly edition?: number;
}

/** Comparing costs as much as copying for less than this many bytes, which waste little. */
const SHARED_FROM = 1024;

export class SendArena {
  #block = Buffer.allocUnsafeSlow(ARENA_SIZE);
  #memory = this.#block.buffer;
  /**
   * The part that was asked for last: messages of one length, one by one, are the same one. Its place is kept beside it,
   * because asking a Buffer for `buffer` and `byteOffset` takes longer than the rest of sending.
   */
  #piece: Uint8Array = this.#block;
  #pieceBlock = this.#block;
  #pieceStart = 0;
  #floor = 0;
  #used = 0;
  /** What was put last in this turn, if it is large enough to be worth comparing. */
  #lastAt = 0;
  #lastSize = 0;
  /** The same for a short text that is known by its edition. */
  #shortAt = 0;
  #short: Reused | undefined;
  #edition: number | undefined;
  /** The last one with memory of its own, for as long as a connection needs it, and until the collector comes. */
  #large: WeakRef<Buffer> | undefined;

  /** What the offsets that `put` returns are in, until it returns the next one. */
  get block(): Buffer {
    return this.#block;
  }

  /**
   * Copies `bytes` in. What is put for many in a row is copied once.
   * @param behind small ones are to lie behind what was put before, to leave with that
   * @returns the offset in `block`, or -1: `large` has to take them
   */
  put(bytes: Reused, behind = false): number {
    if (bytes.length < SHARED_FROM) return this.#putShort(bytes, behind);
    if (this.#isLast(bytes)) return this.#lastAt;
    const at = this.#copy(bytes);
    if (at < 0) return at;
    this.#lastAt = at;
    this.#lastSize = bytes.length;
    return at;
  }

  /** The part of the block from `start` to `end`. */
  piece(start: number, end: number): Uint8Array {
    const block = this.#block;
    if (this.#pieceStart !== start || this.#piece.length !== end - start || this.#pieceBlock !== block) {
      // Not `subarray`, which takes three times as long.
      this.#piece = new Uint8Array(this.#memory, start, end - start);
      this.#pieceBlock = block;
      this.#pieceStart = start;
    }
    return this.#piece;
  }

  /** A copy with memory of its own, not to be changed: the same one for many in a row. */
  large(bytes: Uint8Array): Buffer {
    const last = this.#large?.deref();
    if (last?.length === bytes.length && last.equals(bytes)) return last;
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    copy.set(bytes);
    this.#large = new WeakRef(copy);
    return copy;
  }

  /** A copy of `bytes`, for `giveBack` or `keep` before anything else is put. */
  lend(bytes: Uint8Array): Uint8Array {
    const at = this.#copy(bytes);
    return at < 0 ? Buffer.from(bytes) : this.piece(at, at + bytes.length);
  }

  /** What was lent last is free again. */
  giveBack(piece: Uint8Array): void {
    if (piece === this.#piece && this.#pieceBlock === this.#block) this.#used = this.#pieceStart;
  }

  /** Everything that was put has been written, or has been given to `keep`. */
  reset(): void {
    this.#used = this.#floor;
    this.#lastSize = 0;
    this.#short = undefined;
    if (this.#floor > ARENA_SIZE / 2) this.#renew();
  }

  /** `held` is needed for some time. */
  keep(held: Sent): void {
    if (isSeveral(held)) {
      for (const piece of held) this.keep(piece);
    } else if (held.buffer === this.#memory) {
      this.#floor = Math.max(this.#floor, held.byteOffset + held.length);
    }
  }

  #putShort(bytes: Reused, behind: boolean): number {
    const { edition } = bytes;
    if (!behind && bytes === this.#short && edition === this.#edition) return this.#shortAt;
    const at = this.#copy(bytes);
    if (edition === undefined) return at;
    this.#shortAt = at;
    this.#short = bytes;
    this.#edition = edition;
    return at;
  }

  #isLast(bytes: Uint8Array): boolean {
    const end = this.#lastAt + this.#lastSize;
    return (
      this.#lastSize === bytes.length && this.#block.compare(bytes, 0, bytes.length, this.#lastAt, end) === 0
    );
  }

  #copy(bytes: Uint8Array): number {
    if (this.#used + bytes.length > ARENA_SIZE) {
      if (bytes.length > LARGE) return -1;
      this.#renew();
    }
    const at = this.#used;
    this.#block.set(bytes, at);
    this.#used += bytes.length;
    return at;
  }

  #renew(): void {
    this.#block = Buffer.allocUnsafeSlow(ARENA_SIZE);
    this.#memory = this.#block.buffer;
    this.#floor = 0;
    this.#used = 0;
    this.#lastSize = 0;
    this.#short = undefined;
  }
}
