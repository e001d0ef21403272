/** What all objects of the API have in common. */
import { expect, test } from 'vitest';
import { closeAfterEach } from '../support/closing.js';
import { freePort } from '../support/server.js';
import { Peer, PeerServer } from '../support/tcp.js';
import { UdpPeer } from '../support/udp.js';
import { notesOf, start, stopAfterEach } from './run-script.js';

stopAfterEach();
const closing = closeAfterEach();

const CLASSES = [
  ['TCPClient', 'createTCPClient', ['connect', 'disconnect', 'send', 'pause', 'resume']],
  ['TCPServer', 'createTCPServer', ['start', 'stop']],
  ['UDPSocket', 'createUDPSocket', ['bind', 'connect', 'send', 'close']],
] as const;

test.each(CLASSES)(
  'a %s is a table with a protected metatable, to which scripts add fields',
  async (name, create) => {
    const notes = await notesOf(`
    local o = cumulus:${create}()
    NOTE(type(o), " ", getmetatable(o), " ", pcall(setmetatable, o, {}))
    o.field, o[1], o[o] = "mine", "one", "self"
    NOTE(o.field, o[1], o[o], o.nothing, o[2])
    function o:onReception() return "an event" end
    NOTE(o:onReception(), " ", rawget(o, "onReception") == o.onReception)
    local other = cumulus:${create}()
    NOTE(o == other, other.field, ({ [o] = "key", [other] = "other" })[o])
  `);
    expect(notes[0]).toBe(`table ${name} (false)cannot change a protected metatable`);
    expect(notes.slice(1)).toEqual(['mineoneself(null)(null)', 'an event (true)', '(false)(null)key']);
  },
);

test.each(CLASSES)(
  '%s: a method called with a dot says that it needs a colon',
  async (name, create, methods) => {
    const notes = await notesOf(`
    local o = cumulus:${create}()
    for _, method in ipairs { ${methods.map((method) => `"${method}"`)} } do
      for _, argument in ipairs { "text", 5, {}, cumulus } do
        local ok, err = pcall(function() o[method](argument) end)
        NOTE(ok, " ", err)
      end
      NOTE(select(2, pcall(function() o[method]() end)))
    end
  `);
    expect(notes).toHaveLength(methods.length * 5);
    for (const note of notes) {
      expect(note).toContain("call method with ':' colon operator (object:");
      expect(note).toContain(`${name}.`);
      expect(note).toContain('www/main.lua:');
    }
  },
);

test('a method of one class refuses an object of another', async () => {
  const [note] = await notesOf(`
    local client, server = cumulus:createTCPClient(), cumulus:createTCPServer()
    NOTE(select(2, pcall(client.send, server, "x")))`);
  expect(note).toContain('TCPClient.send: call method with');
});

test.each([
  ['createTCPClient', ['connected', 'address', 'peerAddress', 'error']],
  ['createTCPServer', ['port', 'running']],
  ['createUDPSocket', ['address', 'peerAddress']],
])(
  '%s: assigning a read-only property is ignored, with one WARN for each place',
  async (create, properties) => {
    const { log } = await start(
      [
        `o = cumulus:${create}()`,
        ...properties.map(
          (name) => `for i = 1, 3 do o.${name} = 5 end NOTE(o.${name} == 5, rawget(o, "${name}"))`,
        ),
      ].join('\n'),
    );
    expect(log.texts('note').slice(0, properties.length)).toEqual(properties.map(() => '(false)(null)'));
    const warnings = log.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ origin }) => origin.line)).toEqual(properties.map((_, i) => i + 2));
    expect(warnings.every(({ origin }) => origin.file === 'www/main.lua')).toBe(true);
    for (const [i, name] of properties.entries())
      expect(warnings[i]?.text).toMatch(
        new RegExp(`^\\w+\\.${name} is read-only: the assignment is ignored$`),
      );
  },
);

test('the same object is passed every time, with its fields', async () => {
  const port = await freePort();
  await start(`
    local clients = {}
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      clients[client], client.count = "known", 0
      function client:onReception(data)
        self.count = self.count + 1
        collectgarbage()
        self:send(tostring(clients[self]) .. tostring(self == client) .. self.count .. "\\n")
      end
    end
    server:start(${port})`);
  const peer = closing(await Peer.connect(port));
  for (let i = 1; i <= 3; i++) {
    peer.send('x');
    expect(await peer.readUntil()).toBe(`knowntrue${i}\n`);
  }
});

test('open objects that no variable refers to live through any number of collections', async () => {
  const [tcp, udp] = [await freePort(), await freePort()];
  const listening = closing(await PeerServer.listen());
  const { log } = await start(`
    do
      local server = cumulus:createTCPServer()
      function server:clientHandler(client)
        function client:onReception(data) self:send("server " .. data) return 0 end
      end
      server:start(${tcp})
      local socket = cumulus:createUDPSocket()
      function socket:onReception(data, address) self:send("socket " .. data, address) end
      socket:bind("127.0.0.1:${udp}")
      local client = cumulus:createTCPClient()
      function client:onReception(data) self:send("client " .. data) return 0 end
      client:connect("127.0.0.1", ${listening.port})
    end
    for i = 1, 10 do collectgarbage() end
    function onManage() for i = 1, 10 do collectgarbage() end NOTE("collected") end`);
  await log.waitFor('collected');
  const peer = closing(await Peer.connect(tcp));
  const accepted = await listening.next();
  const datagrams = closing(await UdpPeer.bind());
  for (let i = 0; i < 3; i++) {
    peer.send('hi');
    expect((await peer.read(9)).toString()).toBe('server hi');
    accepted.send('hi');
    expect((await accepted.read(9)).toString()).toBe('client hi');
    await datagrams.send('hi', udp);
    expect(await datagrams.nextText()).toBe('socket hi');
  }
});

test('200 connections that nothing refers to live through collections', async () => {
  const port = await freePort();
  await start(`
    local server = cumulus:createTCPServer()
    function server:clientHandler(client)
      collectgarbage()
      function client:onReception(data) collectgarbage() self:send(data) return 0 end
    end
    server:start(${port})`);
  const peers = await Promise.all(Array.from({ length: 200 }, async () => closing(await Peer.connect(port))));
  for (const peer of peers) peer.send('x');
  for (const peer of peers) expect((await peer.read(1)).toString()).toBe('x');
});

test('objects that are closed and that nothing refers to are collected', async () => {
  const listening = closing(await PeerServer.listen());
  const notes = await notesOf(`
    local seen = setmetatable({}, { __mode = "k" })
    local function note(object) seen[object] = true return object end
    for i = 1, 100 do
      local client = note(cumulus:createTCPClient())
      client:connect("127.0.0.1", ${listening.port})
      client:disconnect()
      local socket = note(cumulus:createUDPSocket())
      socket:bind("127.0.0.1:0")
      socket:close()
      note(cumulus:createTCPServer()):stop()
      client:connect("127.0.0.1", "bad")
      socket:bind("bad")
    end
    for i = 1, 4 do collectgarbage() end
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    NOTE(count < 5)
  `);
  expect(notes).toEqual(['(true)']);
});
