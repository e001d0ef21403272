/**
 * Where what scripts send is copied to until the end of the turn: one block of memory, used again and again as long as
 * the kernel takes everything at once, which it mostly does. Fresh memory for each send costs more than the copying.
 *
 *   block  | held by connections | written in this turn | free |
 *                                ^floor                 ^used
 *
 * Invariant: what a connection still holds is never handed out again. `keep` is called when one does.
 */

/** Larger sends have memory of their own. */
export const ARENA_SIZE = 262_144;

export class SendArena {
  #block = Buffer.allocUnsafeSlow(ARENA_SIZE);
  #floor = 0;
  #used = 0;

  /** What the offsets that `put` returns are in, until it returns the next one. */
  get block(): Buffer {
    return this.#block;
  }

  /** Copies `bytes` in. @returns the offset in `block`, or -1 when they are too many */
  put(bytes: Uint8Array): number {
    const size = bytes.length;
    if (this.#used + size > ARENA_SIZE) {
      if (size > ARENA_SIZE / 4) return -1;
      this.#renew();
    }
    const at = this.#used;
    this.#block.set(bytes, at);
    this.#used += size;
    return at;
  }

  /** A copy of `bytes`, for `giveBack` or `keep` before anything else is put. */
  lend(bytes: Uint8Array): Buffer {
    const at = this.put(bytes);
    return at < 0 ? Buffer.from(bytes) : this.#block.subarray(at, at + bytes.length);
  }

  /** What was lent last is free again. */
  giveBack(piece: Buffer): void {
    if (piece.buffer === this.#block.buffer) this.#used = piece.byteOffset;
  }

  /** Everything that was put has been written, or has been given to `keep`. */
  reset(): void {
    this.#used = this.#floor;
    if (this.#floor > ARENA_SIZE / 2) this.#renew();
  }

  /** `piece` is held by a connection for some time. */
  keep(piece: Buffer): void {
    if (piece.buffer !== this.#block.buffer) return;
    this.#floor = Math.max(this.#floor, piece.byteOffset + piece.length);
  }

  #renew(): void {
    this.#block = Buffer.allocUnsafeSlow(ARENA_SIZE);
    this.#floor = 0;
    this.#used = 0;
  }
}
