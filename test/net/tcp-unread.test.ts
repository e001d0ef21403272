/** Long messages, which an accepted connection offers to be read by whoever wants them. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { readNow } from '../../src/net/handle-io.js';
import { LONG_FROM, LongReads } from '../../src/net/long-reads.js';
import { closeAfterEach } from '../support/closing.js';
import { type Connected, connected, KINDS, text } from './connected.js';
import { ALLOW_PRIVATE } from './sockets.js';

const closing = closeAfterEach();

/** Sends a message, and waits until all of it has come. */
async function deliver({ recorder, peer }: Connected, size: number): Promise<void> {
  const bytes = text(size);
  const before = recorder.received.length;
  peer.send(bytes);
  const received = () => Buffer.concat(recorder.received.slice(before));
  await recorder.changes.until(() => received().length >= size);
  expect(received().equals(bytes)).toBe(true);
}

const SIZES = [65_536, 65_536, 40_000, 3, 32_768, 32_767, 200_000, 1_000_000, 131_072, 131_071, 10, 131_073];

test.each(KINDS)('messages of any length come in order (%s)', async (kind) => {
  const one = await connected(kind, closing);
  for (const size of [...SIZES, ...SIZES.toReversed()]) await deliver(one, size);
});

test.each(KINDS)('the same when all of it comes at once, and more than once (%s)', async (kind) => {
  const { recorder, peer } = await connected(kind, closing);
  const all = Buffer.concat(SIZES.map(text));
  for (let i = 1; i <= 5; i++) peer.send(all);
  const received = await recorder.untilReceived(all.length * 5);
  expect(received.equals(Buffer.concat(Array(5).fill(all)))).toBe(true);
});

test.skipIf(!ALLOW_PRIVATE)('what follows a long message is offered, until a short one comes', async () => {
  const one = await connected('accepted', closing);
  for (const size of [100, 65_536, 65_536, 65_536, 100, 100, 65_536, 40_000, 7, 7]) await deliver(one, size);
  const lengths = one.recorder.received.map(({ length }) => length);
  const followsLong = lengths.filter((_, i) => (lengths[i - 1] ?? 0) >= LONG_FROM);
  expect(one.recorder.rooms.length).toBe(followsLong.length);
  expect(one.recorder.rooms.length).toBeGreaterThan(2);
});

test.skipIf(!ALLOW_PRIVATE)('a peer that sends without a pause takes turns with others', async () => {
  const { recorder, peer, bench } = await connected('accepted', closing);
  const turns = vi.spyOn(bench.network.readTurns, 'wait');
  const all = Buffer.concat(Array.from({ length: 100 }, () => text(131_072)));
  peer.send(all);
  await recorder.untilReceived(all.length);
  const full = recorder.received.filter(({ length }) => length === 131_072).length;
  expect(full).toBeGreaterThan(0);
  expect(turns).toHaveBeenCalledTimes(full);
});

test.skipIf(!ALLOW_PRIVATE)('what is declined comes as ever', async () => {
  const one = await connected('accepted', closing);
  one.recorder.declines = true;
  for (const size of SIZES) await deliver(one, size);
  expect(one.recorder.rooms.length).toBeGreaterThan(0);
});

test.each(KINDS)('what is kept of a long message is there with the next bytes (%s)', async (kind) => {
  const { recorder, peer } = await connected(kind, closing);
  const sent = [70_000, 70_000, 70_000, 5, 70_000].map(text);
  let expected = Buffer.alloc(0);
  let total = 0;
  recorder.keep = (bytes) => {
    const fresh = recorder.received.at(-1)?.length ?? 0;
    total += fresh - expected.length;
    const all = Buffer.concat(sent).subarray(0, total);
    expect(bytes.equals(all.subarray(all.length - bytes.length))).toBe(true);
    expect(bytes.subarray(0, expected.length).equals(expected)).toBe(true);
    const keep = Math.min(bytes.length, total % 3 === 0 ? 0 : 50_001);
    expected = Buffer.from(bytes.subarray(bytes.length - keep));
    return keep;
  };
  for (const bytes of sent) {
    const until = total + bytes.length;
    peer.send(bytes);
    await recorder.changes.until(() => total >= until);
  }
  expect(recorder.events).not.toContain('disconnected');
});

test.each(KINDS)('an end after long messages is an ordinary one (%s)', async (kind) => {
  const one = await connected(kind, closing);
  await deliver(one, 65_536);
  await deliver(one, 65_536);
  one.peer.end();
  await one.recorder.until('disconnected');
  expect(one.recorder.events.at(-1)).toBe('disconnected');
});

test.each(KINDS)('a reset after long messages is told as such (%s)', async (kind) => {
  const one = await connected(kind, closing);
  await deliver(one, 65_536);
  await deliver(one, 65_536);
  one.peer.reset();
  await one.recorder.until('disconnected');
  expect(one.recorder.events.at(-1)).toBe('disconnected: connection reset by peer');
});

test.each(KINDS)('a connection that is ended while it reads delivers nothing more (%s)', async (kind) => {
  const { recorder, peer } = await connected(kind, closing);
  let receptions = 0;
  recorder.keep = (bytes) => {
    if (++receptions === 3) recorder.client.disconnect();
    return bytes.length > 20_000 ? 1000 : 0;
  };
  for (let i = 0; i < 40; i++) peer.send(text(65_536));
  await recorder.until('disconnected');
  peer.end();
  await peer.readAll();
  expect(receptions).toBe(3);
});

test.each(KINDS)('one that pauses while it reads gets the rest later (%s)', async (kind) => {
  const { recorder, peer } = await connected(kind, closing);
  recorder.keep = () => {
    recorder.client.pause();
    setImmediate(() => recorder.client.resume());
    return 0;
  };
  const all = Buffer.concat(Array.from({ length: 20 }, () => text(65_536)));
  peer.send(all);
  expect((await recorder.untilReceived(all.length)).equals(all)).toBe(true);
});

test.skipIf(!ALLOW_PRIVATE)('a connection that brings long messages is not idle', async () => {
  const one = await connected('accepted', closing);
  await deliver(one, 65_536);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  one.recorder.client.idleTimeout = 1;
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(900);
    await deliver(one, 65_536);
  }
  expect(one.recorder.client.connected).toBe(true);
  vi.advanceTimersByTime(1001);
  expect(one.recorder.client.connected).toBe(false);
});

test.skipIf(!ALLOW_PRIVATE)('there is room for what came last, and now and then for more', async () => {
  const one = await connected('accepted', closing);
  for (let i = 0; i < 400; i++) await deliver(one, 65_536);
  const { rooms } = one.recorder;
  const tries = rooms.filter((room) => room === 131_072).length;
  expect(rooms.filter((room) => room === 65_536).length).toBeGreaterThan(rooms.length / 2);
  expect(tries).toBeGreaterThan(0);
  expect(tries).toBeLessThan(rooms.length / 10);
  // What comes without a pause fills more soon.
  const all = Buffer.concat(Array.from({ length: 100 }, () => text(131_072)));
  one.peer.send(all);
  const { length } = one.recorder.received;
  await one.recorder.changes.until(() => Buffer.concat(one.recorder.received.slice(length)).equals(all));
  expect(rooms.at(-1)).toBeGreaterThan(65_536);
});

test('without a descriptor nothing is offered; an error of the system is one, and kept for the connection', () => {
  expect(LongReads.of(-1)).toBeUndefined();
  expect(LongReads.of(undefined as unknown as number)).toBeUndefined();
  // There is no such descriptor.
  const nobody = 1_000_000_000;
  expect(readNow(nobody, Buffer.alloc(8))).toBeLessThan(0);
  const reads = LongReads.of(nobody);
  const owner = {
    onUnread: (unread: { readInto(into: Uint8Array): number }) => unread.readInto(Buffer.alloc(8)),
  };
  expect(reads?.offer(owner as never)).toBe(0);
  expect(reads?.error).toBeLessThan(0);
  expect(reads?.offer(undefined)).toBe(0);
});
