/**
 * The lines that wait for a destination, in order and within a bound.
 *
 * Knows no destination. Invariant: at most MAX_BYTES wait; beyond it new lines are dropped and counted, and
 * where they are missing a line that says how many follows as soon as there is room.
 */

/** 16 MiB for each destination, each line's share of bookkeeping included. */
export const MAX_BYTES = 16 * 1024 * 1024;

/** What a queued string costs beside its bytes. Without it, short lines would take many times the bound. */
const LINE_OVERHEAD = 64;

const COMPACT_AT = 1024;

export class LineQueue {
  readonly #lossLine: (count: number) => string;
  #lines: string[] = [];
  #head = 0;
  #cost = 0;
  #dropped = 0;

  /** `lossLine`: the line for `count` dropped lines, line feed included. */
  constructor(lossLine: (count: number) => string) {
    this.#lossLine = lossLine;
  }

  /** Lines that wait, and lines that were dropped and not told of yet. */
  get pending(): number {
    return this.#lines.length - this.#head + this.#dropped;
  }

  /** Bytes of the next line; 0 when there is none. */
  get nextBytes(): number {
    const line = this.#lines[this.#head];
    return line === undefined ? 0 : Buffer.byteLength(line);
  }

  push(line: string): void {
    const cost = Buffer.byteLength(line) + LINE_OVERHEAD;
    // Half, once it has come to dropping: else every line that is let in would drag a loss line with it.
    const bound = this.#dropped > 0 ? MAX_BYTES / 2 : MAX_BYTES;
    if (this.#cost + cost > bound && this.#cost > 0) {
      this.#dropped++;
      return;
    }
    this.#tellLoss();
    this.#lines.push(line);
    this.#cost += cost;
  }

  /** Takes whole lines of up to `room` bytes together, but at least one; undefined when nothing waits. */
  take(room: number): { bytes: Buffer; lines: number } | undefined {
    if (this.#head === this.#lines.length) this.#tellLoss();
    const end = this.#endOfBatch(room);
    if (end === this.#head) return undefined;
    const taken = this.#lines.slice(this.#head, end);
    this.#head = end;
    const bytes = Buffer.from(taken.join(''));
    this.#cost -= bytes.length + taken.length * LINE_OVERHEAD;
    this.#compact();
    return { bytes, lines: taken.length };
  }

  clear(): void {
    this.#lines = [];
    this.#head = this.#cost = this.#dropped = 0;
  }

  #endOfBatch(room: number): number {
    let end = this.#head;
    let bytes = 0;
    for (; end < this.#lines.length; end++) {
      bytes += Buffer.byteLength(this.#lines[end] ?? '');
      if (bytes > room && end > this.#head) break;
    }
    return end;
  }

  #tellLoss(): void {
    if (this.#dropped === 0) return;
    const line = this.#lossLine(this.#dropped);
    this.#dropped = 0;
    this.#lines.push(line);
    this.#cost += Buffer.byteLength(line) + LINE_OVERHEAD;
  }

  /** Cutting the array at every batch would copy a long queue over and over. */
  #compact(): void {
    if (this.#head < COMPACT_AT && this.#head < this.#lines.length) return;
    if (this.#head * 2 < this.#lines.length) return;
    this.#lines.splice(0, this.#head);
    this.#head = 0;
  }
}
