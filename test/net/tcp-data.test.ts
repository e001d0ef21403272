import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { PeerServer } from '../support/tcp.js';
import { connected, KINDS, type Kind } from './connected.js';
import { Bench, type Recorder } from './sockets.js';

const closing = closeAfterEach();
const MIB = 1_048_576;

const pair = (kind: Kind) => connected(kind, closing);
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test.each(KINDS)('all 256 byte values pass both ways (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  peer.send(ALL_BYTES);
  expect(await recorder.untilReceived(256)).toEqual(ALL_BYTES);
  recorder.client.send(ALL_BYTES);
  expect(await peer.read(256)).toEqual(ALL_BYTES);
});

test.each(KINDS)('a MiB comes back as it went (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  const sent = Buffer.from(Array.from({ length: MIB }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
  recorder.keep = (bytes) => {
    recorder.client.send(bytes);
    return 0;
  };
  peer.send(sent);
  expect((await peer.read(MIB)).equals(sent)).toBe(true);
});

test.each(KINDS)('kept bytes come again, in front of the next ones (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  recorder.keep = (bytes) => Math.min(3, bytes.length);
  for (const [sent, expected] of [
    ['abcde', 'abcde'],
    ['f', 'cdef'],
    ['ghij', 'defghij'],
  ] as const) {
    const before = recorder.received.length;
    peer.send(sent);
    await recorder.changes.until(() => recorder.received.length > before);
    expect(recorder.received.at(-1)?.toString()).toBe(expected);
  }
});

test.each(KINDS)('all data of a peer that closes its side is delivered before the end (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  peer.send('x'.repeat(MIB));
  peer.end();
  await recorder.until('disconnected');
  expect(Buffer.concat(recorder.received).length).toBe(MIB);
  expect(recorder.events.at(-1)).toBe('disconnected');
});

test.each(KINDS)('disconnect inside onReception delivers nothing more (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  recorder.keep = (bytes) => {
    recorder.client.send(Buffer.from('bye'));
    recorder.client.disconnect();
    return bytes.length;
  };
  peer.send('x'.repeat(MIB));
  expect((await peer.readAll()).toString()).toBe('bye');
  expect(recorder.events).toEqual(['data', 'disconnected']);
});

test.each(KINDS)('a pause holds data back, a resume lets all of it through (%s)', async (kind) => {
  const { recorder, peer, bench } = await pair(kind);
  recorder.client.pause();
  peer.send('held');
  // A byte that goes round through another connection has gone after the held ones.
  const other = bench.client();
  const listening = closing(await PeerServer.listen());
  other.client.connect('127.0.0.1', listening.port);
  (await listening.next()).send('x');
  await other.untilReceived(1);
  expect(recorder.events).toEqual([]);
  recorder.client.resume();
  expect((await recorder.untilReceived(4)).toString()).toBe('held');
});

test('data that is sent before the connection is established arrives', async () => {
  const listening = closing(await PeerServer.listen());
  const { client } = closing(new Bench()).client();
  client.connect('127.0.0.1', listening.port);
  for (const part of ['one ', 'two ', 'three']) expect(client.send(Buffer.from(part))).toBeUndefined();
  const peer = await listening.next();
  expect((await peer.read(13)).toString()).toBe('one two three');
});

test('data that is sent before the connection is established arrives even when it is ended at once', async () => {
  const listening = closing(await PeerServer.listen());
  const { client } = closing(new Bench()).client();
  client.connect('127.0.0.1', listening.port);
  client.send(Buffer.from('hello and bye'));
  client.disconnect();
  expect((await (await listening.next()).readAll()).toString()).toBe('hello and bye');
});

test.each(KINDS)('16 MiB that were sent before disconnect all arrive, then FIN (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  peer.socket.pause();
  recorder.client.send(Buffer.alloc(16 * MIB, 7));
  recorder.client.disconnect();
  expect(recorder.events).toEqual(['disconnected']);
  peer.socket.resume();
  const all = await peer.readAll();
  expect(all.length).toBe(16 * MIB);
  expect(all.every((byte) => byte === 7)).toBe(true);
  expect(peer.error).toBeUndefined();
});

test('what a peer sends after a disconnect is read away: no reset destroys what it has not read yet', async () => {
  const { recorder, peer } = await pair('accepted');
  recorder.keep = () => {
    recorder.client.send(Buffer.from('answer'));
    recorder.client.disconnect();
    return 0;
  };
  peer.socket.pause();
  for (let i = 0; i < 50; i++) peer.send('x'.repeat(10_000));
  await recorder.until('disconnected');
  peer.socket.resume();
  expect((await peer.readAll()).toString()).toBe('answer');
  expect(peer.error).toBeUndefined();
});

test('send on a client that is not connected returns an error', () => {
  const { client } = closing(new Bench()).client();
  expect(client.send(Buffer.from('x'))).toBe('TCPClient not connected');
});

test('the bytes given to send may change afterwards', async () => {
  const { recorder, peer, bench } = await pair('accepted');
  const bytes = Buffer.from('before');
  bench.network.turn.enter();
  recorder.client.send(bytes);
  bytes.write('after!');
  bench.network.turn.leave();
  expect((await peer.read(6)).toString()).toBe('before');
});

/** Resolves when the kernel takes no more. */
async function untilStuck({ client }: Recorder): Promise<void> {
  for (let turns = 0, before = -1; turns < 100; turns++) {
    if (client.pending !== before) turns = 0;
    before = client.pending;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each(KINDS)('a reset is no drain, whatever was to be sent (%s)', async (kind) => {
  const { recorder, peer } = await pair(kind);
  peer.send('established');
  await recorder.untilReceived(11);
  // Paused, it hears of the reset by its writing alone.
  recorder.client.pause();
  peer.socket.pause();
  recorder.client.send(Buffer.alloc(24 * MIB));
  await untilStuck(recorder);
  expect(recorder.client.pending).toBeGreaterThan(MIB);
  peer.reset();
  await recorder.until('disconnected');
  expect(recorder.events.filter((event) => event === 'drained')).toEqual([]);
  expect(recorder.events.at(-1)).toMatch(/^disconnected: /);
});
