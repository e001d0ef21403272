/**
 * The bytes that all connections hold together: kept unread by scripts, and sent but not taken by peers. Limits for each
 * connection do not bound the sum, and a thousand peers that never read are cheap to make.
 *
 * A connection that holds little may always hold a little more: who behaves is not refused for those who do not.
 */

/** What a connection may hold whatever the others do, bytes. */
const SMALL = 65_536;

export class HeldBytes {
  readonly limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A connection that held `before` holds `after` now. */
  change(before: number, after: number): void {
    this.#bytes += after - before;
  }

  /** @returns false when a connection that holds `own` bytes may not hold `more` */
  allows(own: number, more: number): boolean {
    return own + more <= SMALL || this.#bytes + more <= this.limit;
  }
}
