/**
 * Addresses of datagrams, parsed or formatted once for each peer and not for each datagram.
 */
import type { RemoteInfo } from 'node:dgram';
import { type Address, formatAddress, parseAddress } from './address.js';

/** Who has sent a datagram: where an answer goes, and the text that scripts see, which parses to just that. */
export interface Sender extends Address {
  readonly text: string;
  /** As the system spells it. */
  readonly systemHost: string;
}

/** Forgetting all of them now and then is cheaper than keeping track of which was used last. */
const REMEMBER_COUNT = 4096;

export class AddressBook {
  readonly #known = new Map<string, Address>();
  /** By port: a number is found sooner than a text, and two peers seldom have the same. */
  readonly #senders = new Map<number, Sender>();
  /** Those whose port another one has: devices and game servers often all use the same. */
  readonly #others = new Map<string, Sender>();

  /** Like `parseAddress`; what cannot be parsed is not remembered. */
  parse(text: string): Address | string {
    const known = this.#known.get(text);
    if (known) return known;
    const parsed = parseAddress(text);
    if (typeof parsed !== 'string') remember(this.#known, text, parsed);
    return parsed;
  }

  sender({ address, port }: RemoteInfo): Sender {
    const first = this.#senders.get(port);
    if (first?.systemHost === address) return first;
    if (!first) return remember(this.#senders, port, this.#senderOf(address, port));
    const key = `${port} ${address}`;
    return this.#others.get(key) ?? remember(this.#others, key, this.#senderOf(address, port));
  }

  #senderOf(address: string, port: number): Sender {
    const text = formatAddress(address, port);
    const parsed = this.parse(text);
    const { host, family } = typeof parsed === 'string' ? { host: address, family: 0 } : parsed;
    // Property by property: V8 gives each object that is spread a shape of its own, and every use of it is slower.
    return { host, port, family, text, systemHost: address };
  }
}

function remember<K, V>(known: Map<K, V>, key: K, value: V): V {
  if (known.size >= REMEMBER_COUNT) known.clear();
  known.set(key, value);
  return value;
}
