/** Senders: one object for each, as long as it is remembered. */
import { expect, test } from 'vitest';
import { AddressBook } from '../../src/net/address-book.js';

const from = (address: string, port: number) => ({ address, port, family: 'IPv4' as const, size: 1 });

test('a sender is the same each time, also when others have its port', () => {
  const book = new AddressBook();
  const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
  const senders = hosts.map((host) => book.sender(from(host, 5060)));
  expect(senders.map(({ text }) => text)).toEqual(hosts.map((host) => `${host}:5060`));
  for (let i = 0; i < 3; i++) expect(hosts.map((host) => book.sender(from(host, 5060)))).toEqual(senders);
  for (const [i, host] of hosts.entries()) expect(book.sender(from(host, 5060))).toBe(senders[i]);
  expect(book.sender(from('10.0.0.1', 5061))).not.toBe(senders[0]);
});

test('thousands of senders are right, though not all are remembered', () => {
  const book = new AddressBook();
  for (let i = 0; i < 20_000; i++) {
    const sender = book.sender(from(`10.0.${i % 3}.1`, 1 + (i % 7000)));
    expect(sender).toMatchObject({ host: `10.0.${i % 3}.1`, port: 1 + (i % 7000), family: 4 });
  }
});
