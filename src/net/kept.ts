/**
 * What a script keeps of what a connection has received, within the limits of one connection and of all.
 */
import type { Network } from './network.js';
import { Rest } from './rest.js';

export class Kept {
  readonly #network: Network;
  readonly #rest = new Rest();
  /** As it is counted among all connections, bytes. */
  #counted = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  get empty(): boolean {
    return this.#rest.length === 0;
  }

  /** What is kept with `chunk` behind it. The view is valid until the next call of a method. */
  join(chunk: Buffer): Buffer {
    return this.#rest.join(chunk);
  }

  /**
   * Keeps the last `count` bytes of `joined`, which is what `join` returned.
   * @returns why the connection has to end, when that is more than the limits allow
   */
  keep(joined: Buffer, count: number): string | undefined {
    this.#rest.keep(joined, count);
    return this.#count(count);
  }

  /** The same where nothing is kept. @param bytes its own memory, and this one's from now on */
  begin(bytes: Buffer): string | undefined {
    this.#rest.begin(bytes);
    return this.#count(bytes.length);
  }

  clear(): void {
    this.#rest.clear();
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
