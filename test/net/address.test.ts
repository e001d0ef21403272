import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { formatAddress, isHost, parseAddress } from '../../src/net/address.js';

test.each([
  ['127.0.0.1:80', '127.0.0.1', 80],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:65535', '::1', 65_535],
  ['[0:0:0:0:0:0:0:1]:1', '::1', 1],
  ['[FE80::1%eth0]:1', 'fe80::1%eth0', 1],
  ['example.org:1234', 'example.org', 1234],
  [' localhost:7 ', 'localhost', 7],
  ['a_b-c.d:7', 'a_b-c.d', 7],
])('%j is host %j and port %i', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port, family: isIP(host) });
});

test.each([
  ['', 'bad address ""'],
  ['1234', 'bad address "1234"'],
  ['localhost', 'bad address "localhost"'],
  ['localhost:', 'bad address "localhost:"'],
  [':80', 'bad host in ":80"'],
  ['host:-1', 'bad address "host:-1"'],
  ['host:1.5', 'bad address "host:1.5"'],
  ['host:abc', 'bad address "host:abc"'],
  ['host:65536', 'bad port in "host:65536": must be 0 to 65535'],
  ['host:99999999999', 'bad address'],
  ['::1:80', 'bad address "::1:80"'],
  ['[::1]', 'bad address "[::1]"'],
  ['[::g]:80', 'bad IPv6 address in "[::g]:80"'],
  ['[127.0.0.1]:80', 'bad IPv6 address'],
  ['two words:80', 'bad host in "two words:80"'],
  ['nul\0:80', 'bad host in "nul?:80"'],
  [`${'x'.repeat(300)}:80`, 'bad host in "xxx'],
])('%j is refused', (text, message) => {
  expect(parseAddress(text)).toContain(message);
});

test.each([
  ['127.0.0.1', '127.0.0.1:80'],
  ['::1', '[::1]:80'],
  ['::ffff:127.0.0.1', '127.0.0.1:80'],
  ['::FFFF:10.0.0.1', '10.0.0.1:80'],
])('%s is shown as %s', (host, shown) => {
  expect(formatAddress(host, 80)).toBe(shown);
});

test('a host is an IP address or what can be a name', () => {
  expect(['127.0.0.1', '::1', 'localhost', 'a.b-c', '_srv'].every(isHost)).toBe(true);
  expect(['', ' ', 'a b', 'a/b', '-a', '.a', 'é', 'a\n'].some(isHost)).toBe(false);
});
