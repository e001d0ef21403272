import { expect, test } from 'vitest';
import { LINGER_MS } from '../../src/net/lingering.js';
import { closeAfterEach } from '../support/closing.js';
import { type Peer, PeerServer } from '../support/tcp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();

async function connected() {
  const bench = closing(new Bench());
  const server = closing(await PeerServer.listen());
  const recorder = bench.client();
  recorder.client.connect('127.0.0.1', server.port);
  return { bench, client: recorder.client, recorder, peer: await server.next() };
}

test('a peer that closes ends the lingering at once', async () => {
  const { bench, client, peer } = await connected();
  client.disconnect();
  expect(bench.network.lingering.size).toBe(1);
  await peer.readAll();
  peer.end();
  while (bench.network.lingering.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('what such a peer still sends reaches nobody', async () => {
  const { client, recorder, peer } = await connected();
  client.disconnect();
  await peer.readAll();
  peer.send('too late');
  peer.end();
  await new Promise((resolve) => peer.socket.once('close', resolve));
  expect(recorder.events).toEqual(['disconnected']);
});

test('a peer that takes no data and never closes is cut in the end', {
  timeout: LINGER_MS + 20_000,
}, async () => {
  const { bench, client, peer } = await connected();
  const begun = performance.now();
  peer.socket.pause();
  client.send(Buffer.alloc(32 * 1_048_576));
  client.disconnect();
  while (bench.network.lingering.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const took = performance.now() - begun;
  expect(took).toBeGreaterThan(LINGER_MS - 100);
  expect(took).toBeLessThan(LINGER_MS + 10_000);
  expect(peer.received.length).toBeLessThan(32 * 1_048_576);
});

test('closing the network waits until everything has been sent, but not long for the peer to close', async () => {
  const { bench, client, peer } = await connected();
  client.send(Buffer.from('last'));
  client.disconnect();
  await bench.network.close(10_000);
  expect((await peer.readAll()).toString()).toBe('last');
});

test('closing the network gives up after its time', async () => {
  const { bench, client, peer } = await connected();
  peer.socket.pause();
  client.send(Buffer.alloc(32 * 1_048_576));
  client.disconnect();
  const begun = performance.now();
  await bench.network.close(100);
  expect(performance.now() - begun).toBeLessThan(5000);
});

/** Sends as long as the other side has not ended, whatever is done with it. */
function chatter(peer: Peer): void {
  const next = () => {
    if (!peer.ended && !peer.closed) peer.socket.write('bla', () => setImmediate(next));
  };
  next();
}

test('a peer that talks until it is told to stop gets all that was sent before the network was closed', async () => {
  const { bench, client, peer } = await connected();
  peer.socket.pause();
  chatter(peer);
  client.send(Buffer.alloc(3_000_000));
  client.disconnect();
  const closed = bench.network.close(10_000);
  peer.socket.resume();
  expect((await peer.readAll()).length).toBe(3_000_000);
  peer.close();
  await closed;
  expect({ error: peer.error, left: bench.network.lingering.size }).toEqual({ error: undefined, left: 0 });
});
