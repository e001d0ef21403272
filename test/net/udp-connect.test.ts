import dns from 'node:dns';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { UdpPeer } from '../support/udp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();

test.each([
  ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]', '[::1]'],
  ['::1', '[0:0:0:0:0:0:0:1]', '[::1]'],
  ['127.0.0.1', 'localhost', '127.0.0.1'],
  ['127.0.0.1', '0.0.0.0', '127.0.0.1'],
  ['::1', '[::]', '[::1]'],
])('a peer on %s is connected to as %s and answers', async (host, name, shown) => {
  const peer = closing(await UdpPeer.bind(host));
  const recorder = closing(new Bench()).udp();
  const { socket } = recorder;
  expect(socket.connect(`${name}:${peer.port}`)).toBeUndefined();
  expect(socket.peerAddress).toBe(`${shown}:${peer.port}`);
  expect(socket.send(Buffer.from('hi'))).toBeUndefined();
  const { port } = await peer.next();
  expect(socket.address).toBe(`${shown}:${port}`);
  await peer.send('answer', port, host);
  expect(await recorder.next()).toEqual({ bytes: Buffer.from('answer'), address: `${shown}:${peer.port}` });
});

test('a connected socket hears its peer only, and may send elsewhere', async () => {
  const [peer, other] = [closing(await UdpPeer.bind()), closing(await UdpPeer.bind())];
  const recorder = closing(new Bench()).udp();
  recorder.socket.connect(`127.0.0.1:${peer.port}`);
  recorder.socket.send(Buffer.from('to the other'), `127.0.0.1:${other.port}`);
  const { port } = await other.next();
  await other.send('not heard', port);
  await peer.send('heard', port);
  expect((await recorder.next()).bytes.toString()).toBe('heard');
});

test('while the name of the peer is looked up nobody is heard, and what is sent waits', async () => {
  const [peer, other] = [closing(await UdpPeer.bind()), closing(await UdpPeer.bind())];
  const recorder = closing(new Bench()).udp();
  let answer: (error: null, address: string) => void = () => {};
  // After the peers, whose sockets would take it as well.
  const lookup = vi.spyOn(dns, 'lookup').mockImplementationOnce(((
    _host: string,
    _options: object,
    callback: typeof answer,
  ) => {
    answer = callback;
  }) as unknown as typeof dns.lookup);
  const { socket } = recorder;
  socket.send(Buffer.from('here I am'), `127.0.0.1:${other.port}`);
  const { port } = await other.next();
  socket.connect(`slow.example:${peer.port}`);
  socket.send(Buffer.from('waits'));
  expect([socket.peerAddress, socket.pending > 0]).toEqual([undefined, true]);
  await other.send('a stranger', port);
  // The system has it already; it is read in the next turns of the event loop.
  for (let i = 0; i < 3; i++) await turn();
  answer(null, '127.0.0.1');
  lookup.mockRestore();
  expect((await peer.next()).bytes.toString()).toBe('waits');
  expect([socket.peerAddress, socket.pending]).toEqual([`127.0.0.1:${peer.port}`, 0]);
  await peer.send('heard', port);
  expect((await recorder.next()).bytes.toString()).toBe('heard');
});

test('connecting again changes the peer and keeps the port', async () => {
  const [first, second] = [closing(await UdpPeer.bind()), closing(await UdpPeer.bind())];
  const { socket } = closing(new Bench()).udp();
  socket.connect(`127.0.0.1:${first.port}`);
  const { address } = socket;
  socket.connect(`127.0.0.1:${second.port}`);
  expect(socket.address).toBe(address);
  expect(socket.peerAddress).toBe(`127.0.0.1:${second.port}`);
  socket.send(Buffer.from('x'));
  expect(await second.nextText()).toBe('x');
  expect(first.received).toEqual([]);
});

test('connecting again may change from IPv4 to IPv6', async () => {
  const peer = closing(await UdpPeer.bind('::1'));
  const { socket } = closing(new Bench()).udp();
  socket.connect('127.0.0.1:9');
  expect(socket.send(Buffer.from('x'), `[::1]:${peer.port}`)).toBe(
    '::1 is IPv6, this socket is connected to 127.0.0.1:9',
  );
  expect(socket.connect(`[::1]:${peer.port}`)).toBeUndefined();
  socket.send(Buffer.from('x'));
  expect(await peer.nextText()).toBe('x');
});

test.each([
  ['nothing', 'bad address "nothing"'],
  ['127.0.0.1:0', 'bad port in "127.0.0.1:0": must be 1 to 65535'],
  ['127.0.0.1:70000', 'bad port'],
  ['[fe80::1]:9', 'no route to [fe80::1]:9'],
])('connect(%j) returns an error', (text, message) => {
  const { socket } = closing(new Bench()).udp();
  expect(socket.connect(text)).toContain(message);
  expect([socket.peerAddress, socket.open]).toEqual([undefined, false]);
});

test('a bound socket cannot be connected, a connected one not bound, until it is closed', () => {
  const { socket } = closing(new Bench()).udp();
  socket.bind('127.0.0.1:0');
  expect(socket.connect('127.0.0.1:9')).toBe('cannot connect a bound socket (127.0.0.1:0): close it first');
  socket.close();
  expect(socket.connect('127.0.0.1:9')).toBeUndefined();
  expect(socket.bind('127.0.0.1:0')).toBe('cannot bind a connected socket: close it first');
  socket.close();
  socket.close();
  expect([socket.address, socket.peerAddress]).toEqual([undefined, undefined]);
  expect(socket.bind('127.0.0.1:0')).toBeUndefined();
});

test('a peer that is named but cannot be found is told later, and the socket is closed again', async () => {
  const recorder = closing(new Bench()).udp();
  expect(recorder.socket.connect('nobody.invalid:9')).toBeUndefined();
  expect(recorder.socket.open).toBe(true);
  expect(await recorder.nextError()).toMatch(/^host not found.*\(nobody\.invalid:9\)$/);
  expect([recorder.socket.open, recorder.socket.peerAddress]).toEqual([false, undefined]);
});

test('what is connected after a name wins over what its look-up finds later', async () => {
  const peer = closing(await UdpPeer.bind());
  const recorder = closing(new Bench()).udp();
  recorder.socket.connect('nobody.invalid:9');
  recorder.socket.connect(`127.0.0.1:${peer.port}`);
  const slower = closing(new Bench()).udp();
  slower.socket.connect('nobody.invalid:9');
  await slower.nextError();
  expect(recorder.errors).toEqual([]);
  recorder.socket.send(Buffer.from('x'));
  expect(await peer.nextText()).toBe('x');
});

test('a socket that is closed while its peer is looked up stays closed', async () => {
  const recorder = closing(new Bench()).udp();
  recorder.socket.connect('nobody.invalid:9');
  recorder.socket.close();
  const slower = closing(new Bench()).udp();
  slower.socket.connect('nobody.invalid:9');
  await slower.nextError();
  expect([recorder.errors, recorder.socket.open]).toEqual([[], false]);
});

test('what is sent while the name of the peer is looked up is sent to it then', async () => {
  // In capitals it is a name like any other: it is looked up.
  const peer = closing(await UdpPeer.bind());
  const { socket } = closing(new Bench()).udp();
  expect(socket.connect(`LOCALHOST:${peer.port}`)).toBeUndefined();
  expect(socket.send(Buffer.from('early'))).toBeUndefined();
  expect(socket.peerAddress).toBeUndefined();
  expect(await peer.nextText()).toBe('early');
});
