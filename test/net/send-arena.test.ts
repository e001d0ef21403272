/** Copies of what is sent: shared where many get the same, and never handed out twice. */
import { expect, test } from 'vitest';
import { SendArena } from '../../src/net/send-arena.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();

/** Puts `size` bytes of `text` and gives back where they are. */
function put(arena: SendArena, size: number, text: string): Buffer {
  const at = arena.put(Buffer.alloc(size, text));
  return arena.block.subarray(at, at + size);
}

/** The same memory, not just the same content. */
function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.buffer === other.buffer && one.byteOffset === other.byteOffset;
}

test('what is sent to many in one turn is copied once', () => {
  const arena = new SendArena();
  for (const size of [2000, 20_000]) {
    const first = put(arena, size, 'a');
    expect(same(put(arena, size, 'a'), first)).toBe(true);
    const other = put(arena, size, 'b');
    expect(same(other, first)).toBe(false);
    expect(first.equals(Buffer.alloc(size, 'a'))).toBe(true);
    expect(other.equals(Buffer.alloc(size, 'b'))).toBe(true);
  }
});

test('the same short text to many is copied once, as long as its memory holds it', () => {
  const arena = new SendArena();
  const reused = Object.assign(Buffer.from('first'), { edition: 0 });
  const first = arena.put(reused);
  expect(arena.put(reused)).toBe(first);
  // It leaves with what was put before.
  expect(arena.put(reused, true)).not.toBe(first);
  reused.write('other');
  reused.edition++;
  const other = arena.put(reused);
  expect(other).not.toBe(first);
  expect(Buffer.from(arena.piece(first, first + 5)).toString()).toBe('first');
  expect(Buffer.from(arena.piece(other, other + 5)).toString()).toBe('other');
  arena.reset();
  arena.put(Buffer.from('of the next turn'));
  expect(arena.put(reused)).toBeGreaterThan(0);
});

test('a short header and a long body to many are a copy each', () => {
  const arena = new SendArena();
  const header = Object.assign(Buffer.from('header'), { edition: 0 });
  const places = Array.from({ length: 100 }, () => [
    arena.put(header),
    arena.put(Buffer.alloc(40_000, 'b'), true),
  ]);
  expect(new Set(places.map(String)).size).toBe(1);
});

test('what was held is not handed out again, what was not is', () => {
  const arena = new SendArena();
  const held = put(arena, 20_000, 'a');
  arena.keep(held);
  arena.reset();
  const free = put(arena, 20_000, 'b');
  arena.reset();
  expect(same(put(arena, 20_000, 'c'), free)).toBe(true);
  for (let i = 0; i < 20; i++) put(arena, 20_000, String.fromCharCode(100 + i));
  expect(held.equals(Buffer.alloc(20_000, 'a'))).toBe(true);
});

test('what does not fit has memory of its own, shared with later turns', () => {
  const arena = new SendArena();
  expect(arena.put(Buffer.alloc(1_000_000, 'a'))).toBe(-1);
  const first = arena.large(Buffer.alloc(1_000_000, 'a'));
  arena.reset();
  expect(arena.large(Buffer.alloc(1_000_000, 'a'))).toBe(first);
  expect(arena.large(Buffer.alloc(1_000_000, 'b'))).not.toBe(first);
});

test('what was lent and given back is lent again', () => {
  const arena = new SendArena();
  const before = put(arena, 5000, 'a');
  const lent = arena.lend(Buffer.alloc(5000, 'a'));
  expect(same(lent, before)).toBe(false);
  arena.giveBack(lent);
  expect(same(arena.lend(Buffer.alloc(100, 'b')), lent)).toBe(true);
  expect(before.equals(Buffer.alloc(5000, 'a'))).toBe(true);
});

test('peers that do not read get a broadcast, and the next, from memory that they share', async () => {
  const bench = closing(new Bench());
  const { server, next } = bench.server();
  const port = await freePort();
  server.start(port, () => {});
  const peers: Peer[] = [];
  const accepted = [];
  for (let i = 0; i < 8; i++) {
    peers.push(closing(await Peer.connect(port)));
    accepted.push(await next());
  }
  for (const peer of peers) peer.socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  const messages = ['one', 'two', 'three'].map((text) => Buffer.alloc(8_000_000, text));
  for (const pair of [messages.slice(0, 2), messages.slice(2)]) {
    bench.network.turn.enter();
    for (const message of pair) for (const { client } of accepted) client.send(message);
    bench.network.turn.leave();
  }
  expect(accepted.every(({ client }) => client.pending > 8_000_000)).toBe(true);
  // Three messages here and three copies; without sharing it would be 192 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
  const whole = Buffer.concat(messages);
  for (const peer of peers) {
    peer.socket.resume();
    expect((await peer.read(whole.length)).equals(whole)).toBe(true);
  }
});
