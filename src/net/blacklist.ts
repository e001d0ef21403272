/**
 * Addresses that this server does not talk to: their connections are closed and their datagrams dropped unseen.
 *
 * Invariant: an address is kept in one spelling, that of the system, so that looking up what the system names needs
 * no parsing; while the list is empty nothing is looked up at all.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { canonicalIPv6, printable, unmapped } from './address.js';

/** Enough for any list that is kept by hand or by a rule, and about 100 MB. */
export const MAX_ADDRESSES = 1_000_000;

export class Blacklist {
  readonly #addresses = new Set<string>();

  /**
   * @param text an IPv4 or IPv6 address in any spelling, brackets and a zone ("%eth0") allowed
   * @returns an error string when it is none, or the list is full
   */
  add(text: string): string | undefined {
    const address = canonical(text);
    if (address === undefined) return notAnAddress(text);
    if (this.#addresses.size >= MAX_ADDRESSES) return `the list is full: ${MAX_ADDRESSES} addresses`;
    this.#addresses.add(address);
    return undefined;
  }

  /** Like `add`; an address that is not on the list is no error. */
  remove(text: string): string | undefined {
    const address = canonical(text);
    if (address === undefined) return notAnAddress(text);
    this.#addresses.delete(address);
    return undefined;
  }

  /** @param host as the system names a peer */
  has(host: string | undefined): boolean {
    return host !== undefined && this.#addresses.size > 0 && this.#addresses.has(withoutZone(unmapped(host)));
  }
}

function canonical(text: string): string | undefined {
  const plain = withoutZone(text.trim().replace(/^\[(.*)\]$/, '$1'));
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return undefined;
  return unmapped(canonicalIPv6(plain));
}

/** One peer, whichever of our interfaces it is on. */
function withoutZone(host: string): string {
  const zone = host.indexOf('%');
  return zone < 0 ? host : host.slice(0, zone);
}

function notAnAddress(text: string): string {
  return `"${printable(text)}" is no IP address: must be like 192.0.2.1 or 2001:db8::1, without a port`;
}
