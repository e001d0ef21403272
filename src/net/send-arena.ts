/**
 * Where large sends are copied to until the end of the turn: one block of memory, used again and again as long as the
 * kernel takes everything at once, which it mostly does. Fresh memory for each of them costs more than the copying.
 *
 * Invariant: a piece that a socket still holds is never handed out again. `keep` is called when one does.
 */

/** Copies below this many bytes are cheap from Node's own pool, which also wastes less when a socket holds on. */
export const ARENA_FROM = 16_384;

const ARENA_SIZE = 262_144;

export class SendArena {
  #block = Buffer.allocUnsafeSlow(ARENA_SIZE);
  #used = 0;

  /** Room for `size` bytes, with undefined content. */
  take(size: number): Buffer {
    if (size < ARENA_FROM) return Buffer.allocUnsafe(size);
    const start = this.#used;
    if (start + size > ARENA_SIZE) return Buffer.allocUnsafeSlow(size);
    this.#used += size;
    return this.#block.subarray(start, start + size);
  }

  /** Everything that was taken has been written, or has been given to `keep`. */
  reset(): void {
    this.#used = 0;
  }

  /** `piece` is held by a socket for some time. */
  keep(piece: Buffer): void {
    if (piece.buffer !== this.#block.buffer) return;
    this.#block = Buffer.allocUnsafeSlow(ARENA_SIZE);
    this.#used = 0;
  }
}
