/**
 * Datagrams that have arrived in one turn of the event loop, worked off together.
 *
 * libuv reads up to 32 from a socket in a row. When each enters its script at once, kernel, Node and Lua push each other
 * out of the processor's caches with every datagram: worked off together, after the last has been read, they take a
 * fifth less time. Where few arrive at a time, waiting for more costs as much as it brings; then each is delivered at
 * once, and now and then it is tried again.
 *
 * Invariant: they are delivered in the order in which they came, and in the turn of the event loop in which they came.
 */
import type { RemoteInfo } from 'node:dgram';

export interface Recipient {
  /** Must not throw. What has closed meanwhile drops them. */
  deliver(bytes: Buffer, from: RemoteInfo): void;
}

/** What has to arrive together to be worth it. */
const WORTHWHILE = 4;

/** How many are delivered at once before it is tried again. */
const AT_ONCE = 64;

interface Arrival {
  readonly recipient: Recipient;
  readonly bytes: Buffer;
  readonly from: RemoteInfo;
}

export class Arrivals {
  #waiting: Arrival[] = [];
  /** How many are still to be delivered at once; nothing waits then. */
  #atOnce = 0;

  add(recipient: Recipient, bytes: Buffer, from: RemoteInfo): void {
    if (this.#atOnce > 0) {
      this.#atOnce--;
      recipient.deliver(bytes, from);
    } else if (this.#waiting.push({ recipient, bytes, from }) === 1) {
      setImmediate(this.#deliver);
    }
  }

  readonly #deliver = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { recipient, bytes, from } of waiting) recipient.deliver(bytes, from);
    if (waiting.length < WORTHWHILE) this.#atOnce = AT_ONCE;
  };
}
