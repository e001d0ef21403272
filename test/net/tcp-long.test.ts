/** Long texts, the first of which in a turn goes to the kernel before the turn ends, as far as it takes it. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { HandleConnection } from '../../src/net/handle-connection.js';
import { writeNow } from '../../src/net/handle-io.js';
import type { NetworkLimits } from '../../src/net/network.js';
import { closeAfterEach } from '../support/closing.js';
import { type Connected, connected, KINDS, type Kind, text } from './connected.js';
import { ALLOW_PRIVATE } from './sockets.js';

const closing = closeAfterEach();
const KIB = 1024;

interface Pair extends Connected {
  /** Sends all of them in one turn. @returns what was pending after each */
  turn(...sent: readonly Buffer[]): number[];
}

async function pair(kind: Kind, limits?: Partial<NetworkLimits>): Promise<Pair> {
  const one = await connected(kind, closing, limits);
  const { recorder, peer, bench } = one;
  peer.send('established');
  await recorder.untilReceived(11);
  const turn = (...sent: readonly Buffer[]) => {
    bench.network.turn.enter();
    const pending = sent.map((bytes) => {
      expect(recorder.client.send(bytes)).toBeUndefined();
      return recorder.client.pending;
    });
    bench.network.turn.leave();
    return pending;
  };
  return { ...one, turn };
}

test.each(KINDS)('short and long texts arrive in the order in which they were sent (%s)', async (kind) => {
  const { peer, turn } = await pair(kind);
  const sizes = [10, 40, 1, 64, 100, 3, 300, 32].map((size) => size * KIB);
  const sent: Buffer[] = [];
  for (let first = 0; first < sizes.length; first++) {
    const all = [...sizes.slice(first), ...sizes.slice(0, first)].map(text);
    sent.push(...all);
    turn(...all);
    turn(all[0] as Buffer);
    sent.push(all[0] as Buffer);
  }
  const expected = Buffer.concat(sent);
  expect((await peer.read(expected.length)).equals(expected)).toBe(true);
});

test.skipIf(!ALLOW_PRIVATE)(
  'the first of a turn leaves at once, if nothing waits, and no other',
  async () => {
    const { peer, turn } = await pair('accepted');
    const all = [text(40 * KIB), text(64 * KIB), text(31 * KIB)] as const;
    const left = vi.spyOn(HandleConnection.prototype, 'writeNow');
    const sizes = () => left.mock.results.map(({ value }) => value / KIB);
    onTestFinished(() => left.mockRestore());
    // What has left is pending for the script until the turn ends.
    expect(turn(all[0], all[1], all[0])).toEqual([40 * KIB, 104 * KIB, 144 * KIB]);
    expect(sizes()).toEqual([40]);
    expect(turn(all[1])).toEqual([64 * KIB]);
    expect(sizes()).toEqual([40, 64]);
    turn(all[2], all[0]);
    expect(sizes()).toEqual([40, 64]);
    const expected = Buffer.concat([all[0], all[1], all[0], all[1], all[2], all[0]]);
    expect((await peer.read(expected.length)).equals(expected)).toBe(true);
  },
);

test.each(KINDS)('the bytes of a long text may change afterwards (%s)', async (kind) => {
  const { peer, turn } = await pair(kind);
  const bytes = Buffer.alloc(8192 * KIB, 'a');
  turn(bytes);
  bytes.fill('b');
  expect((await peer.read(bytes.length)).every((byte) => byte === 97)).toBe(true);
});

test.each(KINDS)('what a peer does not take waits, and follows in order (%s)', async (kind) => {
  const { recorder, peer, turn } = await pair(kind);
  peer.socket.pause();
  const sent: Buffer[] = [];
  while (recorder.client.pending < 2048 * KIB) {
    sent.push(text(48 * KIB));
    turn(sent.at(-1) as Buffer);
    await new Promise((resolve) => setImmediate(resolve));
  }
  peer.socket.resume();
  const expected = Buffer.concat(sent);
  expect((await peer.read(expected.length)).equals(expected)).toBe(true);
  await recorder.until('drained');
  expect(recorder.client.pending).toBe(0);
});

test.each(KINDS)('onDrain follows more than 64 KiB in a turn, and no less (%s)', async (kind) => {
  const { recorder, peer, turn } = await pair(kind);
  const drains = () => recorder.events.filter((event) => event === 'drained').length;
  const turns = [[64], [65], [40, 24], [40, 25], [10, 54], [10, 55]];
  for (const sizes of turns) {
    const [before, received] = [drains(), recorder.received.length];
    turn(...sizes.map((size) => text(size * KIB)));
    const all = sizes.reduce((sum, size) => sum + size);
    await peer.read(all * KIB);
    peer.send('.');
    await recorder.changes.until(() => recorder.received.length > received);
    expect([sizes, drains() - before]).toEqual([sizes, all > 64 ? 1 : 0]);
  }
});

test.each(KINDS)('what has left counts for the limit until the turn ends (%s)', async (kind) => {
  const { recorder, bench } = await pair(kind, { sendLimit: 120 * KIB });
  bench.network.turn.enter();
  expect(recorder.client.send(text(64 * KIB))).toBeUndefined();
  expect(recorder.client.send(text(57 * KIB))).toMatch(/^send limit reached: 65536 bytes are pending/);
  expect(recorder.client.send(text(56 * KIB))).toBeUndefined();
  bench.network.turn.leave();
});

test.skipIf(!ALLOW_PRIVATE)('a connection that sends long texts is not idle', async () => {
  const { recorder, turn } = await pair('accepted');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  recorder.client.idleTimeout = 1;
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(900);
    turn(text(40 * KIB));
  }
  expect(recorder.client.connected).toBe(true);
  vi.advanceTimersByTime(1001);
  expect(recorder.client.connected).toBe(false);
});

test('where there is no descriptor nothing is taken', () => {
  expect(writeNow(-1, text(8))).toBe(0);
  expect(writeNow(undefined as unknown as number, text(8))).toBe(0);
});

const RESETS = KINDS.flatMap((kind) => [10, 48, 300].map((size) => [kind, size] as const));

test.each(RESETS)('a peer that has reset the connection is told as such (%s, %i KiB)', async (kind, size) => {
  const { recorder, peer, turn } = await pair(kind);
  // Paused, it hears of the reset by its writing alone.
  recorder.client.pause();
  peer.reset();
  while (recorder.client.connected) {
    turn(text(size * KIB));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(recorder.events.at(-1)).toBe('disconnected: connection reset by peer');
  expect(recorder.events).not.toContain('drained');
});
