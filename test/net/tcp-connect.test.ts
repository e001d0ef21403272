import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { PeerServer } from '../support/tcp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();

async function connected(host = '127.0.0.1') {
  const bench = closing(new Bench());
  const server = closing(await PeerServer.listen(host));
  const recorder = bench.client();
  expect(recorder.client.connect(host, server.port)).toBeUndefined();
  return { bench, server, recorder, client: recorder.client, peer: await server.next() };
}

test('a client is connected as soon as connect has returned, and knows no addresses yet', async () => {
  const server = closing(await PeerServer.listen());
  const { client } = closing(new Bench()).client();
  expect(client.connected).toBe(false);
  expect(client.connect('127.0.0.1', server.port)).toBeUndefined();
  expect(client.connected).toBe(true);
  expect([client.address, client.peerAddress]).toEqual([undefined, undefined]);
  await server.next();
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]'],
])('over %s both addresses have the form %s:port while the connection lasts', async (host, shown) => {
  const { server, recorder, client, peer } = await connected(host);
  peer.send('x');
  await recorder.untilReceived(1);
  expect(client.peerAddress).toBe(`${shown}:${server.port}`);
  expect(client.address).toBe(`${shown}:${peer.socket.remotePort}`);
  peer.end();
  await recorder.until('disconnected');
  expect([client.address, client.peerAddress]).toEqual([undefined, undefined]);
});

test('an IPv6 address may be in brackets, as it is shown', async () => {
  const server = closing(await PeerServer.listen('::1'));
  const recorder = closing(new Bench()).client();
  expect(recorder.client.connect('[::1]', server.port)).toBeUndefined();
  (await server.next()).send('hi');
  expect((await recorder.untilReceived(2)).toString()).toBe('hi');
  expect(recorder.client.connect('[localhost]', server.port)).toBe('bad host "[localhost]"');
});

test('a name that has several addresses is tried on all of them', async () => {
  const server = closing(await PeerServer.listen('127.0.0.1'));
  const recorder = closing(new Bench()).client();
  recorder.client.connect('localhost', server.port);
  const peer = await server.next();
  peer.send('hi');
  expect((await recorder.untilReceived(2)).toString()).toBe('hi');
});

test('a refused connection is reported later, with the reason and the address', async () => {
  const port = await freePort();
  const recorder = closing(new Bench()).client();
  expect(recorder.client.connect('127.0.0.1', port)).toBeUndefined();
  expect(recorder.events).toEqual([]);
  await recorder.until('disconnected');
  expect(recorder.events).toEqual([`disconnected: connection refused (127.0.0.1:${port})`]);
  expect(recorder.client.connected).toBe(false);
});

test('a name that cannot be resolved is reported later', async () => {
  const recorder = closing(new Bench()).client();
  expect(recorder.client.connect('nobody.invalid', 80)).toBeUndefined();
  expect(recorder.client.connected).toBe(true);
  await recorder.until('disconnected');
  expect(recorder.client.error).toMatch(/^host not found.* \(nobody\.invalid:80\)$/);
});

test.each(['', 'two words', 'a/b', 'nul\0byte', 'x'.repeat(300)])(
  '%j is no host: the error is returned at once and no event follows',
  (host) => {
    const recorder = closing(new Bench()).client();
    const error = recorder.client.connect(host, 80);
    expect(error).toMatch(/^bad host "/);
    expect(recorder.client.error).toBe(error);
    expect(recorder.client.connected).toBe(false);
    expect(recorder.events).toEqual([]);
  },
);

test('a connection that the peer resets ends with that error', async () => {
  const { recorder, peer } = await connected();
  peer.send('x');
  await recorder.untilReceived(1);
  peer.reset();
  await recorder.until('disconnected');
  expect(recorder.events).toEqual(['data', 'disconnected: connection reset by peer']);
});

test('the end of one connection is told once, without an error, and forgotten by the next connect', async () => {
  const { server, recorder, client, peer } = await connected();
  peer.reset();
  await recorder.until('disconnected');
  client.connect('127.0.0.1', server.port);
  expect(client.error).toBeUndefined();
  const next = await server.next();
  next.end();
  await recorder.changes.until(() => recorder.events.length === 2);
  expect(recorder.events[1]).toBe('disconnected');
});

test('disconnect calls back before it returns, and a second one is no-op', async () => {
  const { recorder, client } = await connected();
  client.disconnect();
  expect(recorder.events).toEqual(['disconnected']);
  client.disconnect();
  expect(recorder.events).toEqual(['disconnected']);
});

test('connect while connected ends the connection, calls back, then connects', async () => {
  const { server, recorder, client, peer } = await connected();
  client.connect('127.0.0.1', server.port);
  expect(recorder.events).toEqual(['disconnected']);
  await peer.readAll();
  const second = await server.next();
  second.send('second');
  await recorder.untilReceived(6);
  expect(recorder.text).toBe('second');
});

test('connect while connected wins over the connect in the callback that it causes', async () => {
  const { server, recorder, client } = await connected();
  const other = closing(await PeerServer.listen());
  recorder.disconnected = () => void client.connect('127.0.0.1', server.port);
  client.connect('127.0.0.1', other.port);
  const peer = await other.next();
  peer.send('other');
  await recorder.untilReceived(5);
  expect(client.peerAddress).toBe(`127.0.0.1:${other.port}`);
  expect(recorder.events).toEqual(['disconnected', 'data']);
  // What the callback had connected has been given up, and delivers nothing.
  const inner = await server.next();
  await inner.readAll();
  expect(recorder.text).toBe('other');
  recorder.disconnected = () => {};
});

test('a wrong connect while connected ends the connection and keeps its error', async () => {
  const { recorder, client, peer } = await connected();
  expect(client.connect('a b', 80)).toBe('bad host "a b"');
  expect(recorder.events).toEqual(['disconnected']);
  expect(client.error).toBe('bad host "a b"');
  await peer.readAll();
});

test('a client can connect again inside its own callback, as often as it likes', async () => {
  const { server, recorder, client, peer } = await connected();
  recorder.disconnected = () => {
    if (recorder.events.length < 4) client.connect('127.0.0.1', server.port);
  };
  peer.end();
  for (let i = 0; i < 3; i++) (await server.next()).end();
  await recorder.changes.until(() => recorder.events.length === 4);
  expect(recorder.events).toEqual(['disconnected', 'disconnected', 'disconnected', 'disconnected']);
});

test('a refused connection can be tried again from its own callback', async () => {
  const port = await freePort();
  const recorder = closing(new Bench()).client();
  recorder.disconnected = () => {
    if (recorder.events.length < 3) recorder.client.connect('127.0.0.1', port);
  };
  recorder.client.connect('127.0.0.1', port);
  await recorder.changes.until(() => recorder.events.length === 3);
  expect(new Set(recorder.events).size).toBe(1);
});

test('what is abandoned ends without a callback', async () => {
  const { recorder, client, peer } = await connected();
  client.send(Buffer.from('last words'));
  client.abandon();
  expect((await peer.readAll()).toString()).toBe('last words');
  expect(recorder.events).toEqual([]);
  expect(client.connected).toBe(false);
});
