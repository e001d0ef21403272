import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Changes } from '../support/changes.js';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { Bench } from './sockets.js';

const closing = closeAfterEach();
const unexpected = (reason: string) => {
  throw new Error(reason);
};

/** The reason of a failed start, which comes later. */
function failure(): { tell: (reason: string) => void; reason(): Promise<string> } {
  const changes = new Changes();
  let told: string | undefined;
  const tell = (reason: string) => {
    told = reason;
    changes.note();
  };
  const reason = async () => {
    await changes.until(() => told !== undefined);
    return told ?? '';
  };
  return { tell, reason };
}

test('a fresh server has port 0 and does not run; a stopped one keeps its port', async () => {
  const { server } = closing(new Bench()).server();
  expect([server.port, server.running]).toEqual([0, false]);
  const port = await freePort();
  expect(server.start(port, unexpected)).toBe(true);
  expect([server.port, server.running]).toEqual([port, true]);
  server.stop();
  expect([server.port, server.running]).toEqual([port, false]);
  server.stop();
  await expect(Peer.connect(port)).rejects.toThrow('ECONNREFUSED');
});

test.each(['127.0.0.1', '::1'])('connections are accepted on %s, with both addresses', async (host) => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, unexpected);
  const peer = closing(await Peer.connect(port, host));
  const { client } = await next();
  const shown = host === '::1' ? '[::1]' : host;
  expect(client.connected).toBe(true);
  expect(client.address).toBe(`${shown}:${port}`);
  expect(client.peerAddress).toBe(`${shown}:${peer.socket.localPort}`);
});

test('a port in use is refused at once, the reason comes later, and the old port goes on', async () => {
  const taken = closing(await PeerServer.listen('::'));
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, unexpected);
  const { tell, reason } = failure();
  expect(server.start(taken.port, tell)).toBe(false);
  expect(await reason()).toBe(`address already in use (port ${taken.port})`);
  expect([server.port, server.running]).toEqual([port, true]);
  closing(await Peer.connect(port));
  await next();
});

test('two servers of one process cannot have one port', async () => {
  const bench = closing(new Bench());
  const port = await freePort();
  const first = bench.server().server;
  const second = bench.server().server;
  expect(first.start(port, unexpected)).toBe(true);
  const { tell, reason } = failure();
  expect(second.start(port, tell)).toBe(false);
  expect(await reason()).toContain('address already in use');
  expect([second.port, second.running]).toEqual([0, false]);
  first.stop();
  expect(second.start(port, unexpected)).toBe(true);
});

test('starting on the same port again changes nothing', async () => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  expect(server.start(port, unexpected)).toBe(true);
  expect(server.start(port, unexpected)).toBe(true);
  closing(await Peer.connect(port));
  await next();
});

test('starting on another port moves the server', async () => {
  const { server, next } = closing(new Bench()).server();
  const [first, second] = [await freePort(), await freePort()];
  server.start(first, unexpected);
  expect(server.start(second, unexpected)).toBe(true);
  await expect(Peer.connect(first)).rejects.toThrow('ECONNREFUSED');
  closing(await Peer.connect(second));
  await next();
  expect(server.port).toBe(second);
});

test('a port can be stopped and started again in one turn, and its connections stay', async () => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, unexpected);
  const peer = closing(await Peer.connect(port));
  const recorder = await next();
  server.stop();
  expect(server.start(port, unexpected)).toBe(true);
  peer.send('still here');
  expect((await recorder.untilReceived(10)).toString()).toBe('still here');
  closing(await Peer.connect(port));
  await next();
  expect(server.connections).toBe(2);
});

test('accepted connections do not wait for more to send', async () => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, unexpected);
  const peer = closing(await Peer.connect(port));
  const { client } = await next();
  // With Nagle's algorithm the second small write would wait for the peer's delayed acknowledgement, 40 ms.
  const begun = performance.now();
  for (let i = 0; i < 25; i++) {
    client.send(Buffer.from('a'));
    client.send(Buffer.from('b'));
    await peer.read(2);
  }
  expect(performance.now() - begun).toBeLessThan(900);
});

test('connections counts those that are open', async () => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  server.start(port, unexpected);
  const peers = [closing(await Peer.connect(port)), closing(await Peer.connect(port))];
  const first = await next();
  await next();
  expect(server.connections).toBe(2);
  peers[0]?.close();
  await first.until('disconnected');
  while (server.connections > 1) await new Promise((resolve) => setImmediate(resolve));
  expect(server.connections).toBe(1);
});

/** The kernel's timer of the established connection on `port`: "02" is the one of keep-alive. */
function timerOf(port: number): string | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const established = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} \\S+ 01 \\S+ (\\d\\d):`, 'm');
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8'));
  return tables.map((table) => established.exec(table)?.[1]).find((timer) => timer !== undefined);
}

test.runIf(process.platform === 'linux')('an accepted connection is kept alive', async () => {
  const { server, next } = closing(new Bench()).server();
  const port = await freePort();
  expect(server.start(port, () => {})).toBe(true);
  closing(await Peer.connect(port));
  await next();
  expect(timerOf(port)).toBe('02');
});
