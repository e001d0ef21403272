import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { start, stopAfterEach } from './run-script.js';

stopAfterEach();

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A server that greets, and takes commands from the loopback address of the other family. */
const greeter = (port: number) => `
  server = cumulus:createTCPServer()
  function server:clientHandler(client)
    NOTE("client " .. client.peerAddress:match("^(.*):"))
    function client:onReception(data)
      if data:sub(1, 1) == "+" then cumulus:addToBlacklist(data:sub(2)) end
      if data:sub(1, 1) == "-" then cumulus:removeFromBlacklist(data:sub(2)) end
      self:send("done")
      return 0
    end
    client:send("hello")
  end
  assert(server:start(${port}))
`;

async function greeted(port: number, host: string): Promise<boolean> {
  const peer = await Peer.connect(port, host);
  const bytes = await peer.read(5).catch(() => undefined);
  peer.close();
  return bytes?.toString() === 'hello';
}

async function command(port: number, host: string, text: string): Promise<void> {
  const peer = await Peer.connect(port, host);
  await peer.read(5);
  peer.send(text);
  await peer.read(4);
  peer.close();
}

test('connections of a blacklisted IPv4 peer are closed before clientHandler, and welcome again afterwards', async () => {
  const port = await freePort();
  const { log } = await start(greeter(port));
  expect(await greeted(port, '127.0.0.1')).toBe(true);
  await command(port, '::1', '+::ffff:127.0.0.1');
  const from = log.lines.length;
  expect(await greeted(port, '127.0.0.1')).toBe(false);
  expect(log.lines.slice(from)).toEqual([]);
  await command(port, '::1', '-127.0.0.1');
  expect(await greeted(port, '127.0.0.1')).toBe(true);
});

test('connections of a blacklisted IPv6 peer are closed, those of others are not', async () => {
  const port = await freePort();
  await start(greeter(port));
  await command(port, '127.0.0.1', '+0:0:0:0:0:0:0:1');
  expect(await greeted(port, '::1')).toBe(false);
  expect(await greeted(port, '127.0.0.1')).toBe(true);
});

test('a connection that is open already stays open', async () => {
  const port = await freePort();
  await start(greeter(port));
  const peer = await Peer.connect(port);
  await peer.read(5);
  await command(port, '::1', '+127.0.0.1');
  peer.send('still here?');
  expect((await peer.read(4)).toString()).toBe('done');
  peer.close();
});

test('the blacklist is that of all applications, and outlives a reload', async () => {
  const port = await freePort();
  const { log, write } = await start({
    'main.lua': greeter(port),
    'guard/main.lua': 'cumulus:addToBlacklist("127.0.0.1")',
  });
  expect(await greeted(port, '127.0.0.1')).toBe(false);
  write('guard/main.lua', '-- the list is the servers');
  await log.waitFor('application /guard reloaded');
  expect(await greeted(port, '127.0.0.1')).toBe(false);
  expect(await greeted(port, '::1')).toBe(true);
});

async function udpPeer(type: 'udp4' | 'udp6', address: string): Promise<Socket> {
  const socket = createSocket(type);
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

test('datagrams of a blacklisted peer are dropped', async () => {
  const port = await freePort();
  const { log } = await start(`
    socket = cumulus:createUDPSocket()
    function socket:onReception(data)
      NOTE(data)
      cumulus:addToBlacklist("127.0.0.2")
    end
    assert(not socket:bind("127.0.0.1:${port}"))
  `);
  const [banned, other] = [await udpPeer('udp4', '127.0.0.2'), await udpPeer('udp4', '127.0.0.1')];
  banned.send('first', port, '127.0.0.1');
  await log.waitFor('first');
  banned.send('second', port, '127.0.0.1');
  // One socket's queue keeps the order: what arrives after "second" proves that it was dropped.
  await new Promise((sent) => banned.send('third', port, '127.0.0.1', sent));
  other.send('fourth', port, '127.0.0.1');
  await log.waitFor('fourth');
  expect(log.texts('note').filter((text) => /^(first|second|third|fourth)$/.test(text))).toEqual([
    'first',
    'fourth',
  ]);
});

test('a peer is dropped on an IPv6 socket by its IPv4 address, too', async () => {
  const port = await freePort();
  const { log } = await start(`
    cumulus:addToBlacklist("127.0.0.1")
    socket = cumulus:createUDPSocket()
    function socket:onReception(data, address) NOTE(data, " ", address:match("^(.*):")) end
    assert(not socket:bind("[::]:${port}"))
  `);
  const [banned, other] = [await udpPeer('udp4', '127.0.0.1'), await udpPeer('udp6', '::1')];
  await new Promise((sent) => banned.send('no', port, '127.0.0.1', sent));
  other.send('yes', port, '::1');
  await log.waitFor('yes [::1]');
  expect(log.texts('note').filter((text) => text.startsWith('no '))).toEqual([]);
});

test('what is no address is an ERROR at the caller; the others of the call take effect', async () => {
  const port = await freePort();
  const { log } = await start(`${greeter(port)}
cumulus:addToBlacklist("127.0.0.1:80", nil, "127.0.0.1")
cumulus:removeFromBlacklist(5)`);
  expect(await greeted(port, '127.0.0.1')).toBe(false);
  const must = 'must be like 192.0.2.1 or 2001:db8::1, without a port';
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    {
      text: `addToBlacklist: "127.0.0.1:80" is no IP address: ${must}`,
      origin: { file: 'www/main.lua', line: 15 },
    },
    { text: 'addToBlacklist: nil is no IP address: must be a string', origin: { line: 15 } },
    { text: 'removeFromBlacklist: 5 is no IP address: must be a string', origin: { line: 16 } },
  ]);
});
