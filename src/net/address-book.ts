/**
 * Addresses that datagrams are sent to, parsed once for each peer and not for each datagram.
 */
import { type Address, parseAddress } from './address.js';

/** Forgetting all of them now and then is cheaper than keeping track of which was used last. */
const REMEMBER_COUNT = 4096;

export class AddressBook {
  readonly #known = new Map<string, Address>();

  /** Like `parseAddress`; what cannot be parsed is not remembered. */
  parse(text: string): Address | string {
    const known = this.#known.get(text);
    if (known) return known;
    const parsed = parseAddress(text);
    if (typeof parsed !== 'string') this.#remember(text, parsed);
    return parsed;
  }

  #remember(text: string, address: Address): void {
    if (this.#known.size >= REMEMBER_COUNT) this.#known.clear();
    this.#known.set(text, address);
  }
}
