/** Connections that send without pause, and others beside them. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { Bench, type Recorder } from './sockets.js';

const closing = closeAfterEach();

const MIB = 1_048_576;

interface Connections {
  readonly peers: Peer[];
  readonly recorders: Recorder[];
  /** Whose data has been received, by index, in order. */
  readonly order: number[];
}

async function connections(count: number): Promise<Connections> {
  const bench = closing(new Bench());
  const { server, next } = bench.server();
  const port = await freePort();
  server.start(port, () => {});
  const all: Connections = { peers: [], recorders: [], order: [] };
  for (let i = 0; i < count; i++) {
    all.peers.push(closing(await Peer.connect(port)));
    const recorder = await next();
    all.recorders.push(recorder);
    recorder.keep = () => {
      all.order.push(i);
      return 0;
    };
  }
  return all;
}

test('a connection is not read twice before all have been read', async () => {
  const { peers, recorders, order } = await connections(3);
  const [busy, alsoBusy, quiet] = peers;
  // The kernel has all of it before the next turn of the event loop.
  for (const peer of [busy, alsoBusy]) peer?.send(Buffer.alloc(MIB));
  quiet?.send('x');
  await recorders[2]?.untilReceived(1);
  expect(order.filter((i) => i === 0).length).toBeLessThanOrEqual(1);
  expect(order.filter((i) => i === 1).length).toBeLessThanOrEqual(1);
  for (const recorder of recorders.slice(0, 2)) await recorder.untilReceived(MIB);
});

test('a connection that waits for its turn and is closed is read to its end', async () => {
  const { peers, recorders } = await connections(1);
  const [peer] = peers;
  const [recorder] = recorders;
  if (!peer || !recorder) throw new Error('not connected');
  recorder.keep = () => {
    // After this reception has stopped the reading.
    queueMicrotask(() => recorder.client.disconnect());
    return 0;
  };
  peer.send(Buffer.alloc(16 * MIB));
  peer.end();
  // What the kernel cannot take would keep the peer open until it is cut.
  await once(peer.socket, 'close');
  expect(peer.error).toBeUndefined();
});

test('a connection that is paused when its turn comes stays paused, and resumes', async () => {
  const { peers, recorders } = await connections(1);
  const [recorder] = recorders;
  if (!recorder) throw new Error('not connected');
  recorder.keep = () => {
    queueMicrotask(() => recorder.client.pause());
    return 0;
  };
  peers[0]?.send(Buffer.alloc(MIB));
  await recorder.untilReceived(65_536);
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  expect(recorder.received.length).toBe(1);
  recorder.keep = () => 0;
  recorder.client.resume();
  await recorder.untilReceived(MIB);
});
