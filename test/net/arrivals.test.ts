/** Datagrams that arrive together, and one by one. */
import type { RemoteInfo } from 'node:dgram';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Arrivals } from '../../src/net/arrivals.js';
import { closeAfterEach } from '../support/closing.js';
import { UdpPeer } from '../support/udp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();
const FROM: RemoteInfo = { address: '127.0.0.1', family: 'IPv4', port: 1, size: 1 };

function arrivals() {
  const queue = new Arrivals();
  const delivered: number[] = [];
  const recipient = { deliver: (bytes: Buffer) => void delivered.push(bytes[0] ?? -1) };
  const add = (from: number, to: number) => {
    for (let i = from; i < to; i++) queue.add(recipient, Buffer.from([i]), FROM);
  };
  return { add, delivered };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('what arrives together is delivered in order, when all of it is there', async () => {
  const { add, delivered } = arrivals();
  add(0, 32);
  expect(delivered).toEqual([]);
  await nextTurn();
  expect(delivered).toEqual(numbers(0, 32));
});

test('where one arrives at a time it is delivered at once, and it is tried again after 64', async () => {
  const { add, delivered } = arrivals();
  add(0, 1);
  await nextTurn();
  add(1, 65);
  expect(delivered).toEqual(numbers(0, 65));
  add(65, 69);
  expect(delivered).toEqual(numbers(0, 65));
  await nextTurn();
  add(69, 70);
  expect(delivered).toEqual(numbers(0, 69));
  await nextTurn();
  expect(delivered).toEqual(numbers(0, 70));
});

test('a socket that is closed by the first of many gets no more of them; another one does', async () => {
  const bench = closing(new Bench());
  const [closed, other] = [bench.udp(), bench.udp()];
  for (const { socket } of [closed, other]) expect(socket.bind('127.0.0.1:0')).toBeUndefined();
  const [first, second] = [closed.port, other.port];
  closed.onReceived = () => closed.socket.close();
  const peer = closing(await UdpPeer.bind());
  // In one turn of the event loop, so that they are there before the first is read.
  const sent = Array.from({ length: 10 }, () => peer.send('x', first));
  await Promise.all([...sent, peer.send('last', second)]);
  expect(String((await other.next()).bytes)).toBe('last');
  expect(closed.received).toHaveLength(1);
});
