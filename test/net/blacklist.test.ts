import { expect, test } from 'vitest';
import { Blacklist } from '../../src/net/blacklist.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1', '::ffff:192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['fe80::1', 'fe80::1%eth0'],
  ['fe80::1%lo', 'fe80::1%eth0'],
  [' ::1 ', '::1'],
])('%s is the peer that the system calls %s', (text, host) => {
  const blacklist = new Blacklist();
  expect(blacklist.add(text)).toBeUndefined();
  expect(blacklist.has(host)).toBe(true);
  expect(blacklist.remove(text)).toBeUndefined();
  expect(blacklist.has(host)).toBe(false);
});

test('other addresses are not on the list', () => {
  const blacklist = new Blacklist();
  blacklist.add('192.0.2.1');
  expect(['192.0.2.11', '192.0.2.2', '::1', undefined].filter((host) => blacklist.has(host))).toEqual([]);
});

test.each(['', 'localhost', '192.0.2', '192.0.2.256', '192.0.2.1:80', '[::1]:80', ':::', '1.2.3.4\u0000'])(
  '%j is no address',
  (text) => {
    const blacklist = new Blacklist();
    expect(blacklist.add(text)).toContain('is no IP address');
    expect(blacklist.remove(text)).toContain('must be like 192.0.2.1 or 2001:db8::1, without a port');
    expect(blacklist.has(text)).toBe(false);
  },
);

test('the list says when it is full', () => {
  const blacklist = new Blacklist();
  const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  for (let i = 0; i < 1_000_000; i++) blacklist.add(address(i));
  expect(blacklist.add('192.0.2.1')).toBe('the list is full: 1000000 addresses');
  blacklist.remove(address(7));
  expect(blacklist.add('192.0.2.1')).toBeUndefined();
});
