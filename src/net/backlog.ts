/**
 * What a connection whose peer does not keep up has to send yet: small pieces gathered in blocks, so that a million
 * sends of a byte cost a megabyte and not an object each; large ones as they are.
 */

/** Pieces from this size on, bytes, are not copied: other connections may share them. */
const LARGE = 16_384;

/** Blocks grow from the one to the other, bytes: most backlogs are short. */
const FIRST_BLOCK = 4096;
const LARGEST_BLOCK = 65_536;

export class Backlog {
  #pieces: Uint8Array[] = [];
  /** The block that is being filled, and how far. */
  #block: Buffer | undefined;
  #filled = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns true when the memory of `piece` is needed until it has been sent */
  add(piece: Uint8Array): boolean {
    this.#bytes += piece.length;
    const large = piece.length >= LARGE;
    if (large) {
      this.#closeBlock();
      this.#pieces.push(piece);
    } else this.#gather(piece);
    return large;
  }

  /** Everything, in order; nothing is left. */
  take(): Uint8Array[] {
    this.#closeBlock();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }

  #gather(piece: Uint8Array): void {
    if (!this.#block || this.#filled + piece.length > this.#block.length) this.#openBlock(piece.length);
    this.#block?.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  #openBlock(atLeast: number): void {
    const before = this.#block?.length ?? FIRST_BLOCK / 2;
    this.#closeBlock();
    const size = Math.max(Math.min(before * 2, LARGEST_BLOCK), atLeast);
    this.#block = Buffer.allocUnsafeSlow(size);
  }

  /** What was gathered is a piece now. */
  #closeBlock(): void {
    if (this.#block) this.#pieces.push(this.#block.subarray(0, this.#filled));
    this.#block = undefined;
    this.#filled = 0;
  }
}
