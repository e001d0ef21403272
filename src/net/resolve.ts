/**
 * Look-up for datagrams: literal addresses at once, names through the system's resolver, remembered for a while.
 *
 * `dgram` binds and sends in the same turn when the look-up calls back at once: that is what lets `bind` return its
 * error and spares each datagram a turn of the event loop.
 */
import { isIP } from 'node:net';

export type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** How long a resolved name is used, milliseconds, and how many are remembered. */
const REMEMBER_MS = 30_000;
const REMEMBER_COUNT = 256;

interface Known {
  readonly address: string;
  readonly until: number;
}

export class Resolver {
  readonly #known = new Map<string, Known>();
  /** Hosts that are addresses: `dgram` asks for each datagram, and a look into a set is cheaper than parsing. */
  readonly #literals = new Set<string>();

  /** The signature that `dgram` asks of its `lookup` option. */
  lookup(host: string, family: 4 | 6, callback: LookupCallback): void {
    if (this.#isLiteral(host)) return callback(null, host, family);
    const key = `${family} ${host}`;
    const known = this.#known.get(key);
    if (known && known.until > Date.now()) return callback(null, known.address, family);
    // Loaded by the first name: most servers never look one up.
    process.getBuiltinModule('node:dns').lookup(host, { family }, (error, address) => {
      if (!error) this.#remember(key, address);
      callback(error, address, family);
    });
  }

  #isLiteral(host: string): boolean {
    if (this.#literals.has(host)) return true;
    if (isIP(host) === 0) return false;
    if (this.#literals.size >= REMEMBER_COUNT) this.#literals.clear();
    this.#literals.add(host);
    return true;
  }

  #remember(key: string, address: string): void {
    if (this.#known.size >= REMEMBER_COUNT) this.#known.clear();
    this.#known.set(key, { address, until: Date.now() + REMEMBER_MS });
  }
}
