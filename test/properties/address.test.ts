/** Addresses: what is written can be read again, and no text does harm. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatAddress, isHost, parseAddress } from '../../src/net/address.js';
import { AddressBook } from '../../src/net/address-book.js';

const port = fc.nat(65_535);
/** Names as DNS has them, but for those that are numbers: "1.2" is no address of ours and no name either. */
const name = fc.domain();

it('an address that was formatted is parsed into the same one', () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), name);
  fc.assert(
    fc.property(host, port, (host, port) => {
      const text = formatAddress(host, port);
      const parsed = parseAddress(text);
      if (typeof parsed === 'string') throw new Error(parsed);
      expect(parsed.port).toBe(port);
      // IPv6 comes back in its one spelling.
      expect(isIP(parsed.host)).toBe(isIP(host.replace(/^::ffff:(?=\d+\.)/i, '')));
      expect(formatAddress(parsed.host, parsed.port)).toBe(
        isIP(host) === 6 ? formatAddress(parsed.host, port) : text,
      );
      expect(parseAddress(formatAddress(parsed.host, parsed.port))).toEqual(parsed);
    }),
    { numRuns: 2000 },
  );
});

/** Texts that look like addresses more often than chance would have it. */
const fragment = fc.oneof(
  fc.constantFrom(
    ':',
    '[',
    ']',
    '::',
    '::1',
    '127.0.0.1',
    'localhost',
    '%',
    '%lo',
    '80',
    '65536',
    '-1',
    ' ',
    '.',
  ),
  fc.constantFrom(
    '\0',
    '\n',
    '\r',
    '\x1b[31m',
    '/',
    '0x10',
    '٣',
    '1e3',
    ':80',
    ']:80',
    'ffff',
    '255.255.255.255',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fragment, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.tuple(fragment, fc.integer({ min: 60, max: 400 })).map(([text, count]) => text.repeat(count)),
);

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

it('any text is an address with a host that can be one, or an error that can be shown', () => {
  const book = new AddressBook();
  fc.assert(
    fc.property(hostile, (text) => {
      const parsed = parseAddress(text);
      expect(book.parse(text)).toEqual(parsed);
      if (typeof parsed === 'string') {
        expect(parsed).not.toMatch(CONTROL);
        expect(parsed.length).toBeLessThan(200);
      } else {
        expect(isHost(parsed.host)).toBe(true);
        expect(Number.isInteger(parsed.port) && parsed.port >= 0 && parsed.port <= 65_535).toBe(true);
        expect(parseAddress(formatAddress(parsed.host, parsed.port))).toEqual(parsed);
      }
    }),
    { numRuns: 20_000 },
  );
});
