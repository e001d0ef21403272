/**
 * "host:port" ⇄ { host, port }, and the one spelling of an address that scripts see.
 *
 * Invariant: an IPv4 address is never shown as `::ffff:…`, an IPv6 one always has brackets
 * (reference-behaviour.md, "TCP client").
 */
import { isIP, isIPv6, SocketAddress } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** 4 or 6 for an IP address, 0 for a name: known once, and not looked at for each datagram. */
  readonly family: number;
}

export function addressOf(host: string, port: number): Address {
  return { host, port, family: isIP(host) };
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** `::ffff:1.2.3.4` → `1.2.3.4`; anything else unchanged. */
export function unmapped(host: string): string {
  return host.length > 7 && host.charCodeAt(0) === 58 ? (MAPPED.exec(host)?.[1] ?? host) : host;
}

export function formatAddress(host: string, port: number): string {
  const plain = unmapped(host);
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/**
 * "1.2.3.4:80", "[::1]:80" or "name:80".
 * @returns the parts, an IPv6 address in its shortest spelling, or a string that says what is wrong. The port may
 *   be 0 (the caller's to judge).
 */
export function parseAddress(text: string): Address | string {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,10})$/.exec(text.trim());
  if (!match) return `bad address "${printable(text)}": must be "host:port" or "[ipv6]:port"`;
  const port = Number(match[3]);
  if (port > 65535) return `bad port in "${printable(text)}": must be 0 to 65535`;
  const bracketed = match[1];
  if (bracketed !== undefined && !isIPv6(bracketed)) return `bad IPv6 address in "${printable(text)}"`;
  const host = bracketed === undefined ? (match[2] ?? '') : canonicalIPv6(bracketed);
  if (!isHost(host)) return `bad host in "${printable(text)}"`;
  return addressOf(host, port);
}

/** "0:0:0:0:0:0:0:1" → "::1", as the system spells it, so that two addresses can be compared. A zone stays. */
export function canonicalIPv6(host: string): string {
  const zone = host.indexOf('%');
  const { address } = new SocketAddress({ address: zone < 0 ? host : host.slice(0, zone), family: 'ipv6' });
  return zone < 0 ? address : address + host.slice(zone);
}

/** True for an IP address and for what can be a DNS name: a space, a NUL or a slash cannot. */
export function isHost(host: string): boolean {
  return isIP(host) !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/.test(host);
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}

/** A user's text in an error message: cut, without control characters. */
export function printable(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return cut.replace(/[\x00-\x1f\x7f]/g, '?');
}
