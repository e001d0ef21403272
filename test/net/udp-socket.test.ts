import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { UdpPeer } from '../support/udp.js';
import { Bench, type UdpRecorder } from './sockets.js';

const closing = closeAfterEach();
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

function bound(text = '127.0.0.1:0', broadcast = false): UdpRecorder {
  const recorder = closing(new Bench()).udp(broadcast);
  expect(recorder.socket.bind(text)).toBeUndefined();
  return recorder;
}

test.each([
  ['127.0.0.1:0', '127.0.0.1', /^127\.0\.0\.1:\d+$/],
  ['localhost:0', '127.0.0.1', /^127\.0\.0\.1:\d+$/],
  ['[::1]:0', '::1', /^\[::1\]:\d+$/],
])('bind(%j) with port 0 shows the real port, and datagrams pass both ways', async (text, host, shown) => {
  const recorder = bound(text);
  expect(recorder.socket.address).toMatch(shown);
  expect(recorder.socket.peerAddress).toBeUndefined();
  const peer = closing(await UdpPeer.bind(host));
  await peer.send(ALL_BYTES, recorder.port, host);
  const { bytes, address } = await recorder.next();
  expect(bytes).toEqual(ALL_BYTES);
  expect(recorder.socket.send(bytes, address)).toBeUndefined();
  expect((await peer.next()).bytes).toEqual(ALL_BYTES);
});

test('a socket that is bound to the wildcard shows no address', () => {
  expect(bound('0.0.0.0:0').socket.address).toBeUndefined();
  expect(bound('[::]:0').socket.address).toBeUndefined();
});

test('a socket that is bound to the IPv6 wildcard shows IPv4 senders as such, and answers them', async () => {
  const peer = closing(await UdpPeer.bind());
  const { port } = peer;
  const recorder = closing(new Bench()).udp();
  expect(recorder.socket.bind('[::]:0')).toBeUndefined();
  expect(recorder.socket.send(Buffer.from('hello'), `127.0.0.1:${port}`)).toBeUndefined();
  const first = await peer.next();
  await peer.send('answer', first.port);
  expect((await recorder.next()).address).toBe(`127.0.0.1:${port}`);
});

test('binding to the same address again is no error, in any spelling; another one is', async () => {
  const recorder = bound('[::1]:0');
  const { port, socket } = recorder;
  expect(socket.bind('[::1]:0')).toBeUndefined();
  expect(socket.bind(`[::1]:${port}`)).toBeUndefined();
  expect(socket.bind(`[0:0:0:0:0:0:0:1]:${port}`)).toBeUndefined();
  expect(socket.bind('127.0.0.1:0')).toBe('already bound to [::1]:0: close it first');
});

test.each([
  ['nothing', 'bad address "nothing"'],
  ['127.0.0.1', 'bad address "127.0.0.1"'],
  ['127.0.0.1:70000', 'bad port in "127.0.0.1:70000"'],
  ['192.0.2.77:0', 'address not available on this machine (192.0.2.77:0)'],
  ['nobody.invalid:0', 'host not found (nobody.invalid:0): bind needs an IP address of this machine'],
])('bind(%j) returns an error', (text, message) => {
  const { socket } = closing(new Bench()).udp();
  expect(socket.bind(text)).toContain(message);
  expect(socket.open).toBe(false);
});

test('a port in use is refused at once', async () => {
  const peer = closing(await UdpPeer.bind());
  const { socket } = closing(new Bench()).udp();
  const address = `127.0.0.1:${peer.port}`;
  expect(socket.bind(address)).toBe(`address already in use (${address})`);
  expect(socket.bind('127.0.0.1:0')).toBeUndefined();
});

test('a bind that fails leaves a socket that has sent already able to hear the answer', async () => {
  const peer = closing(await UdpPeer.bind());
  const recorder = closing(new Bench()).udp();
  recorder.socket.send(Buffer.from('ask'), `127.0.0.1:${peer.port}`);
  expect(recorder.socket.bind('192.0.2.77:0')).toContain('not available');
  await peer.send('answer', (await peer.next()).port);
  expect((await recorder.next()).bytes.toString()).toBe('answer');
});

test.each([0, 1, 65_507])('a datagram of %i bytes passes both ways', async (size) => {
  const recorder = bound();
  const peer = closing(await UdpPeer.bind());
  const bytes = Buffer.alloc(size, 0xfe);
  await peer.send(bytes, recorder.port);
  expect((await recorder.next()).bytes).toEqual(bytes);
  expect(recorder.socket.send(bytes, `127.0.0.1:${peer.port}`)).toBeUndefined();
  expect((await peer.next()).bytes).toEqual(bytes);
});

test.each([
  [65_508, '127.0.0.1:9', 'datagram of 65508 bytes: at most 65507 fit'],
  [1, undefined, 'no recipient: give an address or connect first'],
  [1, 'nothing', 'bad address "nothing"'],
  [1, '127.0.0.1:0', 'bad port in "127.0.0.1:0": must be 1 to 65535'],
  [1, '127.0.0.1:70000', 'bad port in "127.0.0.1:70000"'],
])('send of %i bytes to %s returns an error', (size, to, message) => {
  expect(bound().socket.send(Buffer.alloc(size), to)).toContain(message);
});

test('a name that cannot be found is told later, with the name', async () => {
  const recorder = bound();
  expect(recorder.socket.send(Buffer.from('x'), 'nobody.invalid:9')).toBeUndefined();
  expect(await recorder.nextError()).toMatch(/^host not found.*\(nobody\.invalid:9\)$/);
});

test('an IPv4 socket that is bound cannot send to IPv6, one that is not bound can', async () => {
  const peer = closing(await UdpPeer.bind('::1'));
  const to = `[::1]:${peer.port}`;
  const { socket } = bound('127.0.0.1:0');
  expect(socket.send(Buffer.from('x'), to)).toBe(`::1 is IPv6, this socket is bound to 127.0.0.1:0`);
  const free = closing(new Bench()).udp().socket;
  expect(free.send(Buffer.from('4'), '127.0.0.1:9')).toBeUndefined();
  expect(free.send(Buffer.from('6'), to)).toBeUndefined();
  expect((await peer.next()).bytes.toString()).toBe('6');
});

test('broadcast needs the permission that the constructor gives', async () => {
  const listener = bound('0.0.0.0:0');
  // 127.255.255.255 is the broadcast address of the loopback network.
  const port = await portOf(listener);
  const refused = closing(new Bench()).udp();
  refused.socket.send(Buffer.from('x'), `127.255.255.255:${port}`);
  const reason = (host: string) => `broadcast not allowed (${host}:${port}): createUDPSocket(true) allows it`;
  expect(await refused.nextError()).toBe(reason('127.255.255.255'));
  expect(refused.socket.send(Buffer.from('x'), `255.255.255.255:${port}`)).toBe(reason('255.255.255.255'));
  refused.socket.connect(`255.255.255.255:${port}`);
  expect(refused.socket.send(Buffer.from('x'))).toBe(reason('255.255.255.255'));
  const allowed = closing(new Bench()).udp(true);
  for (const text of ['one', 'two']) {
    expect(allowed.socket.send(Buffer.from(text), `127.255.255.255:${port}`)).toBeUndefined();
    expect((await listener.next()).bytes.toString()).toBe(text);
    allowed.socket.close();
  }
  expect(allowed.errors).toEqual([]);
});

/** The port of a socket that is bound to the wildcard: where its datagrams come from. */
async function portOf(recorder: UdpRecorder): Promise<number> {
  const peer = closing(await UdpPeer.bind());
  recorder.socket.send(Buffer.from('?'), `127.0.0.1:${peer.port}`);
  return (await peer.next()).port;
}
