/**
 * What a script keeps of what a connection has received, within the limits of one connection and of all.
 */
import type { Network } from './network.js';
import { Rest } from './rest.js';

/** One object and not two for each connection, of which there may be many that are idle. */
export class Kept extends Rest {
  readonly #network: Network;
  /** As it is counted among all connections, bytes. */
  #counted = 0;

  constructor(network: Network) {
    super();
    this.#network = network;
  }

  /**
   * Like `keep`.
   * @returns why the connection has to end, when that is more than the limits allow
   */
  keepWithin(joined: Buffer, count: number): string | undefined {
    this.keep(joined, count);
    return this.#count(count);
  }

  /** The same for `begin`. */
  beginWithin(bytes: Buffer): string | undefined {
    this.begin(bytes);
    return this.#count(bytes.length);
  }

  /** Nothing is kept any more, nor counted. */
  release(): void {
    this.clear();
    this.#count(0);
  }

  #count(bytes: number): string | undefined {
    const before = this.#counted;
    if (bytes === before) return undefined;
    const { held, limits } = this.#network;
    held.change(before, bytes);
    this.#counted = bytes;
    if (bytes > limits.receiveLimit)
      return `receive limit reached: onReception keeps ${bytes} bytes, the limit is ${limits.receiveLimit} ([tcp] receiveLimit)`;
    if (bytes < before || held.allows(bytes, 0)) return undefined;
    return `receive limit reached: ${held.bytes} bytes are held for all connections, ${bytes} of them kept by this one; the limit is ${held.limit} ([tcp] totalLimit)`;
  }
}
