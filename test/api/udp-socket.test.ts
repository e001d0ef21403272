import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { UdpPeer } from '../support/udp.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

test('a fresh socket has no addresses, and close is repeatable', async () => {
  const notes = await notesOf(`
    s = cumulus:createUDPSocket()
    NOTE(s.address, s.peerAddress, s.anything, select("#", s:close()), select("#", s:close()))
  `);
  expect(notes).toEqual(['(null)(null)(null)00']);
});

test('bind returns nothing or an error string; the same address again is no error', async () => {
  const taken = closing(await UdpPeer.bind());
  const port = await freePort();
  const notes = await notesOf(`
    s = cumulus:createUDPSocket()
    NOTE(s:bind())
    for _, address in ipairs { 5, {}, "", "1234", "localhost", "127.0.0.1:abc", "127.0.0.1:-1", "127.0.0.1:70000",
      "nobody.invalid:0", "192.0.2.77:0", "127.0.0.1:${taken.port}" } do
      NOTE(s:bind(address))
    end
    NOTE(select("#", s:bind("127.0.0.1:${port}")), s.address, s.peerAddress)
    NOTE(select("#", s:bind("127.0.0.1:${port}")))
    NOTE(s:bind("127.0.0.1:0"))
    s:close()
    s:connect("127.0.0.1:${taken.port}")
    NOTE(s:bind("127.0.0.1:${port}"))
  `);
  const bad = (what: string) => `bad address ${what}: must be "host:port"`;
  expect(notes).toEqual([
    'no address: must be "host:port"',
    bad('5'),
    bad('a table'),
    ...['', '1234', 'localhost', '127.0.0.1:abc', '127.0.0.1:-1'].map(
      (text) => `${bad(`"${text}"`)} or "[ipv6]:port"`,
    ),
    'bad port in "127.0.0.1:70000": must be 0 to 65535',
    'host not found (nobody.invalid:0): bind needs an IP address of this machine',
    'address not available on this machine (192.0.2.77:0)',
    `address already in use (127.0.0.1:${taken.port})`,
    `0127.0.0.1:${port}(null)`,
    '0',
    `already bound to 127.0.0.1:${port}: close it first`,
    'cannot bind a connected socket: close it first',
  ]);
});

test('port 0 shows the real port, the wildcard shows nothing', async () => {
  const notes = await notesOf(`
    s = cumulus:createUDPSocket()
    s:bind("127.0.0.1:0")
    NOTE(s.address)
    s:close()
    NOTE(s.address)
    s:bind("0.0.0.0:0")
    NOTE(s.address, s.peerAddress)
  `);
  expect(notes[0]).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(notes.slice(1)).toEqual(['(null)', '(null)(null)']);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '[::1]'],
])('over %s datagrams come with the address of the sender, which can be answered', async (host, shown) => {
  const port = await freePort();
  const { log } = await start(`
    s = cumulus:createUDPSocket()
    function s:onReception(data, address, ...)
      NOTE(self == s, " ", data, " ", address, " ", select("#", ...))
      NOTE(select("#", self:send(data, address)))
      return "nobody looks at it"
    end
    s:bind("${shown}:${port}")`);
  const peer = closing(await UdpPeer.bind(host));
  await peer.send('ping', port, host);
  expect(await peer.nextText()).toBe('ping');
  expect(log.texts('note').slice(-2)).toEqual([`(true) ping ${shown}:${peer.port} 0`, '0']);
});

test('all 256 byte values, an empty datagram and one of 65507 bytes come back', async () => {
  const port = await freePort();
  const { log } = await start(`
    s = cumulus:createUDPSocket()
    function s:onReception(data, address) NOTE(type(data), #data) self:send(data, address) end
    s:bind("127.0.0.1:${port}")`);
  const peer = closing(await UdpPeer.bind());
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (const bytes of [Buffer.alloc(0), all, Buffer.alloc(65_507, 0xff), Buffer.alloc(0)]) {
    await peer.send(bytes, port);
    expect((await peer.next()).bytes).toEqual(bytes);
    await log.waitFor(`string${bytes.length}`);
  }
});

test.each([
  ['s:send("x")', 'no recipient: give an address or connect first'],
  ['s:send("x", "nothing")', 'bad address "nothing"'],
  ['s:send("x", {})', 'bad address a table'],
  ['s:send("x", 5)', 'bad address 5'],
  ['s:send("x", "127.0.0.1:0")', 'bad port in "127.0.0.1:0": must be 1 to 65535'],
  ['s:send("x", "127.0.0.1:70000")', 'bad port in "127.0.0.1:70000"'],
  ['s:send(string.rep("x", 65508), "127.0.0.1:9")', 'datagram of 65508 bytes: at most 65507 fit'],
  ['s:connect()', 'no address: must be "host:port"'],
  ['s:connect("nothing")', 'bad address "nothing"'],
  ['s:connect({})', 'bad address a table'],
  ['s:connect("127.0.0.1:0")', 'bad port in "127.0.0.1:0"'],
  [
    's:bind("127.0.0.1:0") s:connect("127.0.0.1:9")',
    'cannot connect a bound socket (127.0.0.1:0): close it first',
  ],
])('%s returns nothing and logs an ERROR at its line', async (code, message) => {
  const method = code.includes('connect') ? 'connect' : 'send';
  const { log } = await start(`s = cumulus:createUDPSocket()
    local function results(...) return select("#", ...) end
    NOTE(results((function() ${code} end)()), s.peerAddress)`);
  expect(log.texts('note')[0]).toBe('0(null)');
  const errors = log.lines.filter(({ level }) => level === 'error');
  expect(errors).toHaveLength(1);
  expect(errors[0]?.text).toContain(`UDPSocket.${method}: ${message}`);
  expect(errors[0]?.origin).toEqual({ application: '', file: 'www/main.lua', line: 3 });
});

test('data that is neither text nor a number is an error in the script; nil sends nothing', async () => {
  const peer = closing(await UdpPeer.bind());
  const notes = await notesOf(`s = cumulus:createUDPSocket()
    local to = "127.0.0.1:${peer.port}"
    NOTE(select(2, pcall(function() s:send({}, to) end)))
    s:send(nil, to) s:send() s:send(12, to) s:send("", to)`);
  expect(notes[0]).toBe('www/main.lua:3: send: data must be a string or a number, not a table');
  expect([await peer.nextText(), await peer.nextText()]).toEqual(['12', '']);
});

test('an unknown name is an ERROR that comes later, with the name', async () => {
  const { log } = await start(`s = cumulus:createUDPSocket()
    s:send("x", "nobody.invalid:9")
    t = cumulus:createUDPSocket()
    t:connect("nobody.invalid:10")`);
  for (const name of ['(nobody.invalid:9)', '(nobody.invalid:10)']) {
    const line = await log.waitFor(name);
    expect(line.level).toBe('error');
    expect(line.text).toContain('host not found');
  }
});

test('a connected socket has both addresses, sends to its peer, and can be connected elsewhere', async () => {
  const [first, second] = [closing(await UdpPeer.bind()), closing(await UdpPeer.bind())];
  const { log } = await start(`
    s = cumulus:createUDPSocket()
    function s:onReception(data, address) NOTE(data, " from ", address) self:send("got " .. data) end
    s:connect("127.0.0.1:${first.port}")
    NOTE(s.address, " ", s.peerAddress)
    s:send("one")
    s:send("elsewhere", "127.0.0.1:${second.port}")
    s:connect("localhost:${second.port}")
    NOTE(s.address, " ", s.peerAddress)
    s:send("two")`);
  const { port } = await first.next();
  expect(log.texts('note').slice(0, 2)).toEqual([
    `127.0.0.1:${port} 127.0.0.1:${first.port}`,
    `127.0.0.1:${port} 127.0.0.1:${second.port}`,
  ]);
  expect([await second.nextText(), await second.nextText()]).toEqual(['elsewhere', 'two']);
  await first.send('from the wrong one', port);
  await second.send('answer', port);
  expect(await second.nextText()).toBe('got answer');
  expect(log.texts('note')).not.toContain(`from the wrong one from 127.0.0.1:${first.port}`);
});

test('after close bind, connect and send work again, also inside the callback', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const peer = closing(await UdpPeer.bind());
  await start(`
    s = cumulus:createUDPSocket()
    function s:onReception(data, address)
      self:close()
      assert(self.address == nil)
      assert(self:bind("127.0.0.1:" .. (data == "one" and ${other} or ${port})) == nil)
      self:send(data .. " done", address)
    end
    s:bind("127.0.0.1:${port}")`);
  for (const [text, from, to] of [
    ['one', port, other],
    ['two', other, port],
    ['one', port, other],
  ] as const) {
    await peer.send(text, from);
    expect(await peer.next()).toMatchObject({ bytes: Buffer.from(`${text} done`), port: to });
  }
});

test('a socket that only sends hears the answer', async () => {
  const peer = closing(await UdpPeer.bind());
  const { log } = await start(`
    do
      local s = cumulus:createUDPSocket()
      function s:onReception(data, address) NOTE(data, " from ", address) end
      s:send("ask", "127.0.0.1:${peer.port}")
    end
    collectgarbage() collectgarbage()`);
  await peer.send('answer', (await peer.next()).port);
  await log.waitFor(`answer from 127.0.0.1:${peer.port}`);
});

test('an error in onReception is logged, and the next datagram is normal', async () => {
  const port = await freePort();
  const { log } = await start(`s = cumulus:createUDPSocket()
    function s:onReception(data, address)
      if data == "bad" then error({ code = 9 }) end
      self:send(data, address)
    end
    s:bind("127.0.0.1:${port}")`);
  const peer = closing(await UdpPeer.bind());
  await peer.send('bad', port);
  await peer.send('good', port);
  expect(await peer.nextText()).toBe('good');
  expect(log.texts('error')).toHaveLength(1);
  expect(log.texts('error')[0]).toMatch(
    /^application \/, onReception: error object { code = 9 }\nstack traceback:\n\s+www\/main\.lua:3:/,
  );
});

test('broadcast needs createUDPSocket(true), and is still allowed after close', async () => {
  const port = await freePort();
  const { log } = await start(`
    listener = cumulus:createUDPSocket()
    function listener:onReception(data) NOTE("heard ", data) end
    assert(listener:bind("0.0.0.0:${port}") == nil)
    allowed = cumulus:createUDPSocket(true)
    allowed:send("one", "127.255.255.255:${port}")
    allowed:close()
    allowed:send("two", "127.255.255.255:${port}")
    refused = cumulus:createUDPSocket(false)
    refused:send("three", "127.255.255.255:${port}")`);
  await log.waitFor('heard one');
  await log.waitFor('heard two');
  await log.waitFor(`UDPSocket: broadcast not allowed (127.255.255.255:${port}): createUDPSocket(true)`);
  expect(log.texts('note')).not.toContain('heard three');
});
